# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Completion in bash for all programs of Countersign. What there is to complete is read from the
# program's own --help, which prints its tables, at the moment when somebody presses Tab: so there is
# no list here that could be an older one. Nothing but --help is ever run.

# Sets COMMANDS, each one or two words.
_countersign_commands() {
    local line list=
    commands=()
    while IFS= read -r line; do
        if [[ $line == 'commands:' ]]; then
            list=1
        elif [[ -n $list && $line =~ ^'  '([a-z][a-z-]*( [a-z][a-z-]*)?)'  ' ]]; then
            commands+=("${BASH_REMATCH[1]}")
        elif [[ -n $list ]]; then
            break
        fi
    done < <("$program" --help 2>/dev/null </dev/null)
}

# Sets COMMAND, from the words of the line that are whole.
_countersign_command() {
    local one first=${COMP_WORDS[1]-} second=${COMP_WORDS[2]-}
    command=()
    for one in "${commands[@]}"; do
        if [[ $one == "$first" && $COMP_CWORD -gt 1 && ${#command[@]} -eq 0 ]]; then
            command=("$first")
        elif [[ $one == "$first $second" && $COMP_CWORD -gt 2 ]]; then
            command=("$first" "$second")
        fi
    done
}

# The words that go on with a command.
_countersign_words() {
    local one
    for one in "${commands[@]}"; do
        if [[ $COMP_CWORD -eq 1 ]]; then
            printf '%s\n' "${one%% *}"
        elif [[ $COMP_CWORD -eq 2 && $one == "${COMP_WORDS[1]} "* ]]; then
            printf '%s\n' "${one#* }"
        fi
    done | sort -u
}

# Sets OPTIONS, VALUES (what --x and -x take), ARGUMENTS of the usage line.
_countersign_options() {
    local line
    options=() values=() arguments=
    while IFS= read -r line; do
        if [[ $line =~ ^' '*example: ]]; then
            break
        elif [[ $line == 'usage: '*' [options]'* ]]; then
            arguments=${line#*' [options]'}
            while [[ $arguments =~ ^' --'[a-z-]+' '[A-Z]+(.*)$ ]]; do # options that must be given
                arguments=${BASH_REMATCH[1]}
            done
        elif [[ $line =~ ^' '{2,6}((-[a-zA-Z]),' ')?(--[a-z][a-z-]*)(' '([A-Z]+))?(,|' '|$) ]]; then
            options+=("${BASH_REMATCH[3]}")
            values[${BASH_REMATCH[3]}]=${BASH_REMATCH[5]}
            [[ -z ${BASH_REMATCH[2]} ]] || values[${BASH_REMATCH[2]}]=${BASH_REMATCH[5]}
        fi
    done < <("$program" "${command[@]}" --help 2>/dev/null </dev/null)
}

# _countersign_value WHAT: files, for what may be one.
_countersign_value() {
    case $1 in
    DIR)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
        ;;
    *FILE* | *PATH* | *DRAFT* | *ORDER* | *BUNDLE* | *LETTER*)
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        ;;
    PROGRAM)
        mapfile -t COMPREPLY < <(compgen -c -- "$current")
        ;;
    esac
}

_countersign() {
    local IFS=$' \t\n' # whatever the shell's is
    local program=${COMP_WORDS[0]/#\~\//$HOME/} current=${COMP_WORDS[COMP_CWORD]} before arguments words
    local -a commands command options
    local -A values
    COMPREPLY=()
    before=${COMP_WORDS[COMP_CWORD - 1]}
    if [[ $current == = ]]; then # --option=VALUE is three words
        current=
    elif [[ $before == = && $COMP_CWORD -gt 1 ]]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    _countersign_commands
    _countersign_command
    _countersign_options
    if [[ $COMP_CWORD -gt 1 && -n ${values[$before]-} ]]; then
        _countersign_value "${values[$before]}"
        return
    fi
    words=$(_countersign_words)
    [[ $current != -* ]] || words+=" ${options[*]:---help --version}"
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
    [[ ${#COMPREPLY[@]} -gt 0 || $current == -* ]] || _countersign_value "$arguments"
}

complete -F _countersign countersign countersign-verify countersign-testbank bankctl bankd bankd-courier bankd-keeper
