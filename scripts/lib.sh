# Functions for the scripts beside this file; they source it after `set -euo pipefail`.
# All of them end the script with one clear line when something is missing.

checkout=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd -P)
venv=${MICRO_VENV:-$checkout/.venv}

say() { printf 'micro: %s\n' "$*" >&2; }
fail() { trap - ERR; say "$*"; exit 1; }

# Whatever nobody foresaw still ends in one line that names its place.
set -E
trap '[ $BASH_SUBSHELL != 0 ] || fail "${BASH_SOURCE[0]##*/} line $LINENO failed: $BASH_COMMAND"' ERR

# Prints a Python from 3.11 up to 3.13, the first that really starts.
find_python() {
    local candidate
    for candidate in python3.11 python3 python3.12 python3.13; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    fail "Python 3.11, 3.12 or 3.13 is needed and was not found (on Debian: apt-get install python3 python3-venv)"
}

# Debian's Python comes without venv: installs the package when it may, else names it.
need_venv_module() { # python
    local package
    "$1" -c 'import venv, ensurepip' 2>/dev/null && return
    package=$("$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        fail "Python's venv module is missing (on Debian: apt-get install $package)"
    fi
    apt_install "$package"
    "$1" -c 'import venv, ensurepip' 2>/dev/null || fail "Python's venv module is missing even with Debian's $package"
}

# Installs Debian packages; for root only.
apt_install() { # package…
    local log
    log=$(mktemp)
    say "installing Debian's $*"
    if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } \
        >"$log" 2>&1 </dev/null; then
        fail "apt-get install $* failed: $(reason "$log"). Everything it said: $log"
    fi
    rm -f "$log"
}

# What went wrong, in a few words, from what pip, venv or apt-get said.
reason() { # log
    local words
    [ -s "$1" ] || echo "it said nothing; is there room in ${1%/*}?"
    for words in 'No space left on device' 'Read-only file system' 'Disk quota exceeded' 'Permission denied'; do
        if grep -qi -- "$words" "$1"; then
            echo "$words"
            return
        fi
    done
    if grep -qE 'Failed to establish|resolution|Network is unreachable|Could not resolve|service not known' "$1"; then
        echo "no connection to the package index"
    else
        grep -E '^ *(ERROR|error|E|Error):' "$1" | grep -v subprocess-exited | tail -n 1 | sed 's/[. ]*$//' | grep . || tail -n 1 "$1"
    fi
}

# Sees that .venv holds the packages of scripts/constraints.txt with the extras, and does nothing when it already does.
#
# The stamp is written last and holds a hash of all that decides what is installed. The mark "unfinished" is there
# while something is being installed: a .venv that was left in the middle is made anew, because pip does not
# notice the half of a package. Two scripts at once wait for each other.
need_packages() { # extras, comma-separated
    local python wanted log
    exec 9<"$checkout"
    flock 9
    wanted=$(cd "$checkout" && cat setup.cfg pyproject.toml scripts/constraints.txt | sha256sum | cut -c1-64)
    if ! is_installed "$wanted" "$1"; then
        python=$(find_python) || exit 1
        need_venv_module "$python"
        log=$(mktemp 2>/dev/null) || fail "cannot write into ${TMPDIR:-/tmp}: the disk is full or read-only"
        install_packages "$python" "$1" "$log"
        { echo "$wanted $1" >"$venv/installed"; } 2>"$log" || fail "cannot write into $venv: $(reason "$log")"
        rm -f "$venv/unfinished" "$log"
    fi
    exec 9<&-
}

is_installed() { # hash, extras
    local hash extras
    [ -f "$venv/installed" ] && [ ! -e "$venv/unfinished" ] && "$venv/bin/python" -c '' 2>/dev/null || return 1
    read -r hash extras <"$venv/installed"
    [ "$hash" = "$1" ] && [[ ",$extras," == *",check,"* || "$extras" == "$2" ]]
}

install_packages() { # python, extras, log
    local usable=true
    [ ! -e "$venv/unfinished" ] && "$venv/bin/python" -m pip --version >/dev/null 2>&1 || usable=false
    need_room "$2"
    # The mark comes first: a .venv that is killed half-way is known by it.
    $usable || make_venv "$1" "$3"
    say "installing the packages of scripts/constraints.txt into $venv (a minute or two)"
    # From inside the checkout, because pip does not take a folder with spaces together with [extras].
    if ! (cd "$checkout" && "$venv/bin/python" -m pip install --disable-pip-version-check --no-input --retries 2 \
        -c scripts/constraints.txt -e ".[$2]") >"$3" 2>&1 </dev/null; then
        fail "the packages could not be installed: $(reason "$3"). Everything pip said: $3"
    fi
}

# Marks .venv as unfinished, and sees that there is room for what comes.
need_room() { # extras
    local free needed=300
    [ "$1" != check ] || needed=1000
    [ -w "$checkout" ] || fail "cannot write into $checkout: it is read-only, or not yours"
    if [ "$venv" != "$checkout/.venv" ] && [ -n "$(ls -A "$venv" 2>/dev/null || true)" ] &&
        [ ! -e "$venv/pyvenv.cfg" ] && [ ! -e "$venv/unfinished" ]; then
        fail "$venv (MICRO_VENV) holds something else; name an empty folder"
    fi
    { mkdir -p "$venv" && : >"$venv/unfinished"; } 2>/dev/null ||
        fail "cannot write into $venv: the disk is full or read-only, or the folder is not yours"
    free=$(df -Pm "$venv" | awk 'NR == 2 { print $4 }')
    [ -e "$venv/installed" ] || [ "$free" -ge "$needed" ] ||
        fail "$venv needs about $needed MB and the disk has $free; MICRO_VENV names another folder"
}

make_venv() { # python, log
    find "$venv" -mindepth 1 -maxdepth 1 ! -name unfinished -exec rm -rf {} +
    "$1" -m venv "$venv" >"$2" 2>&1 || fail "cannot make $venv: $(reason "$2"). Everything it said: $2"
}
