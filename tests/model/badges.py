# SPDX-License-Identifier: Apache-2.0
"""What the model says of operators' own keys (docs/FORMAT.md 8.5 and 8.7): who is left when one of them signs no more."""

from books import Refused


class Badges:
    def signs(self, name):
        return any(key.holder == name and key.status == "active" for key in self.keys)

    def able(self, role):
        """Who has the role and a good key."""
        return {name for name, had in self.roles.items() if role in had and self.signs(name)}

    def check_left(self, key):
        """Somebody must be left who makes operators when the key signs no more, nor one that took its place."""
        matters = key.staff and (key.status == "active" or key.rotated)
        if matters and "security" in self.roles[key.holder] and not self.able("security") - {key.holder}:
            raise Refused("LAST_OF_ROLE")

    def check_badge(self, key, status):
        """An operator's key is set by whoever makes operators; the console takes a stolen one away, whoever is left."""
        if not key.staff or self.acting == self.CONSOLE:
            return
        if "security" not in self.roles[self.acting]:
            raise Refused("ROLE_REQUIRED")
        if status != "active":
            self.check_left(key)
