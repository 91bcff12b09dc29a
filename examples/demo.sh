#!/usr/bin/env bash
# The example project on the embedded sandbox: plan, apply, plan again, a change behind our back, drift, heal.
# The project and its tenant are kept in .demo/, so a second run begins where the first one ended.
set -eu

root="$(cd "$(dirname "$0")/.." && pwd)"
demo="$root/.demo"
unset RECONCILER_PROJECT

say() { printf '\n\033[1m# %s\033[0m\n' "$*"; }
if [ ! -t 1 ] || [ -n "${NO_COLOR:-}" ]; then say() { printf '\n# %s\n' "$*"; }; fi

# Shows a command as one would type it.
show() {
    local word line='$'
    for word in "$@"; do
        case "$word" in *[!A-Za-z0-9_./=-]*) line="$line '$word'" ;; *) line="$line $word" ;; esac
    done
    printf '%s\n' "$line"
}

# Shows a command, runs it, shows its exit code, and stops unless that is one of those expected.
run() {
    local expected="$1" code=0
    shift
    show "$@"
    "$@" || code=$?
    echo "exit code $code"
    case " $expected " in *" $code "*) ;; *) echo "demo: expected $expected" >&2; exit 1 ;; esac
    last=$code
}

# The manifests are copied anew each time; the sandbox (.demo/.reconciler) stays.
mkdir -p "$demo"
echo '*' >"$demo/.gitignore"
rm -rf "$demo/manifests" "$demo/definitions"
cp -R "$root/examples/manifests/." "$demo/"
cd "$demo"

say "What would be done? Exit code 2: there is something to do; 0: there is not."
run "0 2" reconciler plan --detailed-exitcode

if [ "$last" = 0 ]; then
    say "An earlier run did it all, so there is nothing to apply."
else
    say "Do it."
fi
run 0 reconciler apply --yes

say "Planning again finds nothing: the tenant is as the manifests say."
run 0 reconciler plan --detailed-exitcode

say "Someone changes one field in the tenant, past git."
id="$(reconciler api -f key=acme-1002 'query ($key: String!) { customers(externalId: $key) { nodes { id } } }' |
    python -c 'import json, sys; print(json.load(sys.stdin)["data"]["customers"]["nodes"][0]["id"])')"
run 0 reconciler api -f id="$id" -f text="Changed by hand" 'mutation ($id: ID!, $text: String!) {
    updateCustomer(input: {id: $id, description: $text}) { customer { name description } errors { messages } }
  }'

say "Drift names the field: what was applied, and what is live now."
run 2 reconciler drift --detailed-exitcode

say "Planning would put it back, and knows the cause: the tenant changed, not git."
run 2 reconciler plan --detailed-exitcode

say "Apply puts back what git says."
run 0 reconciler apply --yes
run 0 reconciler drift --detailed-exitcode

say "Done. Look around in .demo/, or remove it with: make clean"
