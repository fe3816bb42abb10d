-- SPDX-License-Identifier: Apache-2.0
-- The schema for SQLite. Times are microseconds since 1970 UTC, money is minor units. Documents and
-- state lie apart so that the rows that change stay small.
PRAGMA user_version = 39;

-- The log. An entry keeps the hashes of the perfect subtrees that it completes, level 0 (the leaf)
-- first: node (level, index) is in entry ((index + 1) << level) - 1 at byte 32 * level.
CREATE TABLE head (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    size INTEGER NOT NULL,
    time_us INTEGER NOT NULL, -- of the newest entry
    bank_entry INTEGER        -- newest entry about the bank itself
) STRICT;
INSERT INTO head VALUES (1, 0, 0, NULL);

-- An entry that is an event (order/event.def) says so by its kind: those who follow events need no
-- document. Time never goes back in the log, so what is older stands before.
CREATE TABLE entry (
    id INTEGER PRIMARY KEY, -- index in the log
    time_us INTEGER NOT NULL,
    kind TEXT NOT NULL,    -- of the event; "" when it is none, as the next five then are
    account TEXT NOT NULL, -- "" when it is about none
    object TEXT NOT NULL,  -- the entry's
    holder TEXT NOT NULL,  -- whom it is about, or who did it
    status TEXT NOT NULL,  -- what the entry led to
    reason TEXT NOT NULL,
    nodes BLOB NOT NULL,
    commitment BLOB NOT NULL, -- with ID and TIME_US that is the leaf
    salt BLOB NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE VIEW event AS
    SELECT id, time_us, kind, account, object, holder, status, reason FROM entry WHERE kind <> '';

CREATE TABLE checkpoint (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    size INTEGER NOT NULL,
    note TEXT NOT NULL
) STRICT;

-- The rollovers of the bank's root key that the log has.
CREATE TABLE rollover (
    number INTEGER PRIMARY KEY, -- from 0
    digest BLOB NOT NULL        -- of the payload
) STRICT;

-- Refusals that have no entry of their own, until their minute is over.
CREATE TABLE refused (
    minute_us INTEGER NOT NULL,
    reason TEXT NOT NULL,
    count INTEGER NOT NULL CHECK (count > 0),
    PRIMARY KEY (minute_us, reason)
) STRICT, WITHOUT ROWID;

-- People, the bank's terminals and operators, and their keys.
CREATE TABLE holder (
    id INTEGER PRIMARY KEY,
    holder TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL, -- person, terminal or operator
    name TEXT NOT NULL,
    entry INTEGER NOT NULL -- newest entry about this holder
) STRICT;

CREATE TABLE signing_key (
    id INTEGER PRIMARY KEY,
    thumbprint TEXT NOT NULL UNIQUE,
    spki BLOB NOT NULL,
    holder INTEGER NOT NULL REFERENCES holder (id),
    status TEXT NOT NULL CHECK (status IN ('active', 'suspended', 'retired', 'revoked')),
    floor_us INTEGER NOT NULL,
    entry INTEGER NOT NULL REFERENCES entry (id), -- the enrolment, or the rotation that brought it
    use TEXT NOT NULL DEFAULT 'sign' CHECK (use IN ('sign', 'authenticate', 'derive')),
    signer INTEGER REFERENCES signing_key (id), -- the one that it was asked for with; NULL: it signs
    generation INTEGER NOT NULL DEFAULT 0, -- rotations since the enrolment
    retired INTEGER REFERENCES entry (id), -- the rotation by which another took its place
    certificate BLOB, -- the keeper's, DER; NULL: none
    certificate_until_us INTEGER, -- when it ends
    CHECK ((use = 'sign') = (signer IS NULL))
) STRICT;
CREATE INDEX signing_key_holder ON signing_key (holder);
CREATE INDEX signing_key_signer ON signing_key (signer) WHERE signer IS NOT NULL;
CREATE UNIQUE INDEX signing_key_enrolment ON signing_key (entry);
CREATE UNIQUE INDEX signing_key_retired ON signing_key (retired) WHERE retired IS NOT NULL;

-- The entries that changed a key's status.
CREATE TABLE key_change (
    signing_key INTEGER NOT NULL REFERENCES signing_key (id),
    entry INTEGER NOT NULL REFERENCES entry (id),
    PRIMARY KEY (signing_key, entry)
) STRICT, WITHOUT ROWID;

-- Who asked to be enrolled, and what became of it.
CREATE TABLE enrolment (
    id INTEGER PRIMARY KEY,
    enrolment TEXT NOT NULL UNIQUE, -- base64url SHA-256 of the statement
    statement TEXT NOT NULL,        -- "" once it ended and nobody was admitted: the log has it
    name TEXT NOT NULL,             -- what it says: whose, as whom, and the thumbprints of his keys
    wanted TEXT NOT NULL,
    sign TEXT NOT NULL,
    authenticate TEXT NOT NULL,
    derive TEXT NOT NULL,
    received_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL,
    state TEXT NOT NULL,                     -- waiting, admitted, refused or expired
    note TEXT NOT NULL,                      -- why it was refused
    address TEXT NOT NULL,                   -- where it came from, while it waits; "": not known
    holder INTEGER REFERENCES holder (id),   -- who he became
    admitted_by TEXT NOT NULL,               -- operators, with a space between
    root BLOB,                               -- what certifies his keys, DER
    entry INTEGER NOT NULL REFERENCES entry (id) -- newest entry about this request
) STRICT;
CREATE INDEX enrolment_due ON enrolment (state, expires_us);
CREATE INDEX enrolment_page ON enrolment (state);

-- Who vouches for a request: a holder of the account, by his key.
CREATE TABLE sponsorship (
    enrolment INTEGER NOT NULL REFERENCES enrolment (id),
    account INTEGER NOT NULL REFERENCES account (id),
    signing_key INTEGER NOT NULL REFERENCES signing_key (id),
    statement TEXT NOT NULL,
    received_us INTEGER NOT NULL,
    entry INTEGER NOT NULL REFERENCES entry (id),
    PRIMARY KEY (enrolment, entry)
) STRICT, WITHOUT ROWID;

-- What holders asked for who want an account together, and what became of it.
CREATE TABLE application (
    id INTEGER PRIMARY KEY,
    application TEXT NOT NULL UNIQUE, -- digest of the document, in hexadecimal digits
    document BLOB NOT NULL,
    title TEXT NOT NULL,    -- of the document, as the next: whoever looks at many reads none
    currency TEXT NOT NULL,
    applicant INTEGER NOT NULL REFERENCES holder (id), -- who handed it in
    received_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL,
    state TEXT NOT NULL,                         -- waiting, admitted, refused, withdrawn or expired
    reason TEXT NOT NULL,                        -- why it was refused
    account INTEGER REFERENCES account (id),     -- what became of it
    entry INTEGER NOT NULL REFERENCES entry (id) -- newest entry about this application
) STRICT;
CREATE INDEX application_due ON application (state, expires_us);
CREATE INDEX application_page ON application (state);
CREATE UNIQUE INDEX application_account ON application (account) WHERE account IS NOT NULL;
CREATE INDEX application_applicant ON application (applicant, state);
CREATE INDEX application_day ON application (applicant, received_us);
CREATE INDEX application_week ON application (state, received_us);

-- Whom it names, and who signed that he applies. A person signs again by another key when the first
-- counts no more.
CREATE TABLE application_holder (
    application INTEGER NOT NULL REFERENCES application (id),
    holder INTEGER NOT NULL REFERENCES holder (id),
    PRIMARY KEY (application, holder)
) STRICT, WITHOUT ROWID;
CREATE INDEX application_holder_holder ON application_holder (holder);

CREATE TABLE application_word (
    id INTEGER PRIMARY KEY,
    application INTEGER NOT NULL REFERENCES application (id),
    holder INTEGER NOT NULL REFERENCES holder (id),
    signing_key INTEGER NOT NULL REFERENCES signing_key (id),
    statement TEXT NOT NULL,
    received_us INTEGER NOT NULL,
    entry INTEGER NOT NULL REFERENCES entry (id),
    UNIQUE (application, signing_key)
) STRICT;
CREATE INDEX application_word_entry ON application_word (application, entry);
CREATE INDEX application_word_holder ON application_word (application, holder);

-- What operators may do: order/role.def.
CREATE TABLE operator_role (
    holder INTEGER NOT NULL REFERENCES holder (id),
    role TEXT NOT NULL,
    PRIMARY KEY (role, holder)
) STRICT, WITHOUT ROWID;
CREATE INDEX operator_role_holder ON operator_role (holder);

-- The ceremony of the first operators is over once anybody had the role security.
CREATE TABLE ceremony (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    over_us INTEGER NOT NULL
) STRICT;

CREATE TABLE challenge (
    challenge TEXT PRIMARY KEY,
    signing_key INTEGER NOT NULL REFERENCES signing_key (id),
    login INTEGER NOT NULL CHECK (login IN (0, 1)),
    issued_us INTEGER NOT NULL,
    expires_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX challenge_expires ON challenge (expires_us);
CREATE INDEX challenge_key ON challenge (signing_key, login);

CREATE TABLE session (
    id INTEGER PRIMARY KEY,
    session TEXT NOT NULL UNIQUE, -- thumbprint of the TLS client key
    signing_key INTEGER NOT NULL REFERENCES signing_key (id),
    started_us INTEGER NOT NULL,
    seen_us INTEGER NOT NULL
) STRICT;

-- Accounts and policies. An account that is no customer's is the bank's side of the double entry.
CREATE TABLE account (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL UNIQUE,
    customer INTEGER NOT NULL CHECK (customer IN (0, 1)),
    currency TEXT NOT NULL,
    booked INTEGER NOT NULL,
    reserved INTEGER NOT NULL CHECK (reserved >= 0),
    policy INTEGER REFERENCES policy (id), -- the current one
    entry INTEGER,                         -- newest entry about this account
    state TEXT NOT NULL,                   -- open, blocked or closed
    CHECK (customer = 0 OR booked >= reserved)
) STRICT;

CREATE TABLE policy (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    account TEXT NOT NULL,
    version INTEGER NOT NULL,
    document BLOB NOT NULL,
    entry INTEGER NOT NULL REFERENCES entry (id),
    UNIQUE (account, version)
) STRICT;

-- New policies on their way into force, and who decided on them.
CREATE TABLE policy_change (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES account (id),
    digest BLOB NOT NULL,
    document BLOB NOT NULL,
    proposed_us INTEGER NOT NULL,
    due_us INTEGER NOT NULL, -- when the bank looks at it again, while open
    state TEXT NOT NULL      -- open, force or ended
) STRICT;
CREATE UNIQUE INDEX policy_change_open ON policy_change (account) WHERE state = 'open';
CREATE INDEX policy_change_due ON policy_change (due_us) WHERE state = 'open';
CREATE INDEX policy_change_digest ON policy_change (digest);

CREATE TABLE policy_vote (
    id INTEGER PRIMARY KEY,
    policy_change INTEGER NOT NULL REFERENCES policy_change (id),
    holder INTEGER NOT NULL REFERENCES holder (id),
    verb TEXT NOT NULL,
    signing_key INTEGER NOT NULL REFERENCES signing_key (id),
    received_us INTEGER NOT NULL,
    entry INTEGER NOT NULL REFERENCES entry (id),
    UNIQUE (policy_change, holder)
) STRICT;

-- Who may stand for whom; a withdrawal is a row, too, ended from the start.
CREATE TABLE delegation (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES account (id),
    principal INTEGER NOT NULL REFERENCES holder (id),
    deputy INTEGER NOT NULL REFERENCES holder (id),
    signing_key INTEGER NOT NULL REFERENCES signing_key (id),
    amount INTEGER NOT NULL, -- the most an order
    from_us INTEGER NOT NULL,
    until_us INTEGER NOT NULL,
    issued_us INTEGER NOT NULL, -- the newest so far of the principal's
    entry INTEGER NOT NULL REFERENCES entry (id),
    ended INTEGER REFERENCES entry (id) -- by what; NULL: by its time alone
) STRICT;
CREATE INDEX delegation_entry ON delegation (account, principal, entry);
CREATE UNIQUE INDEX delegation_open ON delegation (account, principal) WHERE ended IS NULL;

-- Who stands in the current policies, so that a holder's accounts can be listed.
CREATE TABLE account_holder (
    holder INTEGER NOT NULL REFERENCES holder (id),
    account INTEGER NOT NULL REFERENCES account (id),
    PRIMARY KEY (holder, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX account_holder_account ON account_holder (account);

-- Where holders want to be told of news. Beside the address in force there may be one that still has
-- to be confirmed, and that is told its code alone.
CREATE TABLE contact (
    holder INTEGER NOT NULL REFERENCES holder (id),
    channel TEXT NOT NULL, -- email or webhook
    confirmed INTEGER NOT NULL CHECK (confirmed IN (0, 1)),
    address TEXT NOT NULL,
    language TEXT NOT NULL,
    code TEXT NOT NULL, -- "" of what is confirmed
    tries INTEGER NOT NULL, -- wrong codes
    asked_us INTEGER NOT NULL,
    PRIMARY KEY (holder, channel, confirmed)
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_asked ON contact (asked_us) WHERE confirmed = 0;
CREATE INDEX contact_confirmed ON contact (holder) WHERE confirmed = 1;

-- How often somebody said so on the last day on which he did.
CREATE TABLE contact_day (
    holder INTEGER PRIMARY KEY REFERENCES holder (id),
    day INTEGER NOT NULL, -- since 1970
    changes INTEGER NOT NULL
) STRICT;

-- What a courier has to carry there. What was carried is no row any more.
CREATE TABLE notice (
    id INTEGER PRIMARY KEY,
    notice TEXT NOT NULL UNIQUE, -- its name: the same news to the same person by the same way
    kind TEXT NOT NULL,
    holder TEXT NOT NULL,
    channel TEXT NOT NULL,
    address TEXT NOT NULL,
    language TEXT NOT NULL,
    account TEXT NOT NULL,
    object TEXT NOT NULL, -- of the log
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    time_us INTEGER NOT NULL, -- of the news
    due_us INTEGER NOT NULL,  -- when it is tried again
    attempts INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('due', 'dead')),
    error TEXT NOT NULL, -- what the last try came to
    code TEXT NOT NULL -- by which its address is confirmed, or ""
) STRICT;
CREATE INDEX notice_due ON notice (channel, due_us) WHERE state = 'due';
CREATE INDEX notice_address ON notice (channel, address, due_us) WHERE state = 'due';
CREATE INDEX notice_waits ON notice (holder, channel) WHERE state = 'due';
CREATE INDEX notice_applications ON notice (holder, channel)
    WHERE state = 'due' AND kind IN ('application-waiting', 'application-outcome');
CREATE INDEX notice_time ON notice (time_us);

-- Orders: the state, the document, the decisions.
CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES account (id),
    order_id TEXT NOT NULL,
    kind TEXT NOT NULL, -- payment, deposit or withdrawal: its movement's
    digest BLOB NOT NULL,
    policy INTEGER NOT NULL REFERENCES policy (id), -- the one it entered under
    creditor INTEGER NOT NULL REFERENCES account (id), -- the bank's settlement for another bank, its cash for cash
    payee TEXT NOT NULL, -- the creditor's account as the order names it; of cash ''
    payee_name TEXT NOT NULL, -- of cash ''
    payee_check TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL, -- the account's
    date INTEGER NOT NULL, -- days since 1970
    expires_us INTEGER NOT NULL,
    expiry_told INTEGER NOT NULL CHECK (expiry_told IN (0, 1)), -- its holders were reminded
    cutoff_day INTEGER NOT NULL, -- the first day of whose cut-off they were not
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    open INTEGER NOT NULL CHECK (open IN (0, 1)), -- its amount is reserved, but for a deposit's
    due_us INTEGER NOT NULL,                      -- when the bank looks at it again, while open
    matured_us INTEGER NOT NULL,                  -- when a waiting clause accepted it, or 0
    held INTEGER NOT NULL,                        -- why it waits for the operator: order/flag.h
    released INTEGER NOT NULL CHECK (released IN (0, 1)), -- by the operator
    executed_us INTEGER NOT NULL,                 -- when the money moved, or 0
    ended_us INTEGER NOT NULL,                    -- 0 before its end
    -- Newest entry about this order. It changes with the status, where a reference costs a copy of each
    -- page; RECONCILE_ENTRIES looks for what is not there.
    entry INTEGER NOT NULL CHECK (entry >= 0),
    UNIQUE (order_id, account) -- ids begin with their time: new ones stand together
) STRICT;
CREATE INDEX orders_page ON orders (account);
CREATE INDEX orders_open ON orders (account, due_us) WHERE open = 1;
CREATE INDEX orders_due ON orders (due_us) WHERE open = 1;
-- Those on which votes may arrive, by account and in their order; and with what it takes to find those
-- of which holders are still to be reminded, once a minute, without an index of its own for each reason.
CREATE INDEX orders_votes ON orders (account, id, expires_us, expiry_told, currency, cutoff_day)
    WHERE status = 'ACTC' OR status = 'PATC';
-- On their way to other banks.
CREATE INDEX orders_outbox ON orders (account) WHERE status = 'ACSP';

CREATE TABLE order_document (
    orders INTEGER PRIMARY KEY REFERENCES orders (id),
    document BLOB NOT NULL
) STRICT;

CREATE TABLE decision (
    orders INTEGER NOT NULL REFERENCES orders (id),
    holder INTEGER NOT NULL REFERENCES holder (id),
    kind TEXT NOT NULL,
    verb TEXT NOT NULL,
    signing_key INTEGER NOT NULL REFERENCES signing_key (id),
    issued_us INTEGER NOT NULL,
    received_us INTEGER NOT NULL,
    passed TEXT NOT NULL, -- the codes passed through, with a space between
    entry INTEGER NOT NULL REFERENCES entry (id),
    batch INTEGER REFERENCES entry (id), -- the entry of the batch that it came by; NULL: none
    PRIMARY KEY (orders, holder, kind),
    CHECK (kind = 'submit' OR kind = 'vote' OR kind = 'cancel') -- IN would make a table each time
) STRICT, WITHOUT ROWID;

-- Batch decisions of which an order came, and what the bank took of each.
CREATE TABLE batch (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES account (id),
    signing_key INTEGER NOT NULL REFERENCES signing_key (id),
    jws_digest BLOB NOT NULL UNIQUE,
    taken INTEGER NOT NULL,        -- orders
    taken_amount INTEGER NOT NULL, -- in the account's currency
    entry INTEGER NOT NULL REFERENCES entry (id)
) STRICT;

-- Every correctly signed statement once, with its first answer; a batch decision once an order.
CREATE TABLE statement (
    id INTEGER PRIMARY KEY,
    signing_key INTEGER NOT NULL REFERENCES signing_key (id),
    nonce BLOB NOT NULL,
    subject BLOB NOT NULL, -- digest of the order, of a batch decision; otherwise empty
    jws_digest BLOB NOT NULL,
    reason TEXT NOT NULL, -- the refusal's name, or OK
    http INTEGER NOT NULL,
    size INTEGER NOT NULL, -- entries that a checkpoint must cover before the answer goes out
    body BLOB NOT NULL,
    UNIQUE (nonce, signing_key, subject) -- a nonce belongs to one JWS; most begin with their time
) STRICT;

-- Requests with an Idempotency-Key, with their first answers, for a day: bankd/core/once.c.
CREATE TABLE once (
    id INTEGER PRIMARY KEY,
    caller TEXT NOT NULL, -- holder:ID, or console:USER
    once_key TEXT NOT NULL,
    request BLOB NOT NULL, -- digest of route and body
    reason TEXT NOT NULL,  -- the refusal's name, or OK
    http INTEGER NOT NULL,
    size INTEGER NOT NULL, -- entries that a checkpoint must cover before the answer goes out
    body BLOB NOT NULL,
    done_us INTEGER NOT NULL,
    UNIQUE (caller, once_key)
) STRICT;
CREATE INDEX once_caller ON once (caller);
CREATE INDEX once_done ON once (done_us);

-- Whom an account paid, by what names, and what these look like: bankd/core/payees.h.
CREATE TABLE payee (
    account INTEGER NOT NULL REFERENCES account (id),
    payee TEXT NOT NULL,
    name TEXT NOT NULL,
    letters BLOB NOT NULL,
    shape BLOB NOT NULL,
    PRIMARY KEY (account, payee, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX payee_letters ON payee (account, letters);
CREATE INDEX payee_shape ON payee (account, shape);

-- What came from other banks: into an account, or into suspense until the operator knows where to.
CREATE TABLE credit (
    id INTEGER PRIMARY KEY,
    reference TEXT NOT NULL UNIQUE, -- the sender's
    account TEXT NOT NULL,          -- as the sender named it
    currency TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0),
    debtor_account TEXT NOT NULL, -- "" when the sender did not say
    debtor_name TEXT NOT NULL,
    description TEXT NOT NULL,
    received_us INTEGER NOT NULL,
    state TEXT NOT NULL -- booked, suspense or returned
) STRICT;
CREATE INDEX credit_suspense ON credit (id) WHERE state = 'suspense';

-- What operators do about what waits, by the name of what it is about: bankd/core/claim.h.
CREATE TABLE queue_item (
    item TEXT PRIMARY KEY,
    claimed_by TEXT NOT NULL, -- an operator; '': nobody
    since_us INTEGER NOT NULL,
    entry INTEGER NOT NULL REFERENCES entry (id) -- newest entry about its place in the queue
) STRICT, WITHOUT ROWID;

CREATE TABLE queue_comment (
    id INTEGER PRIMARY KEY,
    item TEXT NOT NULL REFERENCES queue_item (item),
    operator TEXT NOT NULL,
    time_us INTEGER NOT NULL,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX queue_comment_item ON queue_comment (item);

-- Who of the bank's operators had a hand in what: bankd/core/eyes.h.
CREATE TABLE hand (
    object TEXT NOT NULL,
    act TEXT NOT NULL,
    operator TEXT NOT NULL,
    time_us INTEGER NOT NULL, -- when last
    times INTEGER NOT NULL,   -- how often
    PRIMARY KEY (object, act, operator)
) STRICT, WITHOUT ROWID;

-- The ledger. The postings of a movement sum to zero; an order is settled once.
CREATE TABLE movement (
    id INTEGER PRIMARY KEY,
    time_us INTEGER NOT NULL,
    kind TEXT NOT NULL,                   -- funding, payment ...: bankd/core/ledger.h
    orders INTEGER REFERENCES orders (id), -- NULL: no order made it
    credit INTEGER REFERENCES credit (id), -- what came from another bank
    reverses INTEGER REFERENCES movement (id)
) STRICT;
CREATE INDEX movement_time ON movement (time_us);
CREATE UNIQUE INDEX movement_order ON movement (orders, kind) WHERE orders IS NOT NULL;
CREATE UNIQUE INDEX movement_reversal ON movement (reverses) WHERE reverses IS NOT NULL;

CREATE TABLE posting (
    account INTEGER NOT NULL REFERENCES account (id),
    movement INTEGER NOT NULL REFERENCES movement (id),
    amount INTEGER NOT NULL CHECK (amount <> 0),
    balance INTEGER NOT NULL, -- of the account, afterwards
    PRIMARY KEY (account, movement)
) STRICT, WITHOUT ROWID;

-- What left a customer's account on a day, UTC, but for what was taken back: limits are judged by it,
-- so that a month is a few rows however much was paid.
CREATE TABLE spending (
    account INTEGER NOT NULL REFERENCES account (id),
    day INTEGER NOT NULL, -- since 1970, of the movements' times
    amount INTEGER NOT NULL,
    PRIMARY KEY (account, day)
) STRICT, WITHOUT ROWID;

-- What holders say of their movements: views over the ledger, nothing moves by them. How it came
-- about is in the log.
CREATE TABLE category_rule (
    account INTEGER NOT NULL REFERENCES account (id),
    payee TEXT NOT NULL, -- an account as orders name it
    category TEXT NOT NULL,
    PRIMARY KEY (account, payee)
) STRICT, WITHOUT ROWID;

-- Of one movement; goes before the rules.
CREATE TABLE movement_category (
    account INTEGER NOT NULL,
    movement INTEGER NOT NULL,
    category TEXT NOT NULL,
    PRIMARY KEY (account, movement),
    FOREIGN KEY (account, movement) REFERENCES posting (account, movement)
) STRICT, WITHOUT ROWID;

-- What is written here stays written.
CREATE TRIGGER entry_kept BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'entries are append-only'); END;
CREATE TRIGGER entry_stays BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'entries are append-only'); END;
CREATE TRIGGER decision_kept BEFORE UPDATE ON decision
BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;
CREATE TRIGGER decision_stays BEFORE DELETE ON decision
BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;
CREATE TRIGGER posting_kept BEFORE UPDATE ON posting
BEGIN SELECT RAISE(ABORT, 'postings are append-only'); END;
CREATE TRIGGER posting_stays BEFORE DELETE ON posting
BEGIN SELECT RAISE(ABORT, 'postings are append-only'); END;
CREATE TRIGGER policy_vote_kept BEFORE UPDATE ON policy_vote
BEGIN SELECT RAISE(ABORT, 'votes are append-only'); END;
CREATE TRIGGER application_word_kept BEFORE UPDATE ON application_word
BEGIN SELECT RAISE(ABORT, 'words are append-only'); END;
CREATE TRIGGER application_word_stays BEFORE DELETE ON application_word
BEGIN SELECT RAISE(ABORT, 'words are append-only'); END;
CREATE TRIGGER policy_vote_stays BEFORE DELETE ON policy_vote
BEGIN SELECT RAISE(ABORT, 'votes are append-only'); END;
