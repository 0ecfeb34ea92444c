# shellcheck shell=bash
# Sourced by the commands in script/, which set CHECKOUT first: every part, in the order they build on each other.
shopt -s inherit_errexit

# shellcheck source=script/lib/common.sh
source "$CHECKOUT/script/lib/common.sh"
# shellcheck source=script/lib/lines.sh
source "$CHECKOUT/script/lib/lines.sh"
# shellcheck source=script/lib/settings.sh
source "$CHECKOUT/script/lib/settings.sh"
# shellcheck source=script/lib/services.sh
source "$CHECKOUT/script/lib/services.sh"
# shellcheck source=script/lib/preflight.sh
source "$CHECKOUT/script/lib/preflight.sh"
# shellcheck source=script/lib/system.sh
source "$CHECKOUT/script/lib/system.sh"
# shellcheck source=script/lib/python.sh
source "$CHECKOUT/script/lib/python.sh"
# shellcheck source=script/lib/archive.sh
source "$CHECKOUT/script/lib/archive.sh"
# shellcheck source=script/lib/node.sh
source "$CHECKOUT/script/lib/node.sh"
# shellcheck source=script/lib/database.sh
source "$CHECKOUT/script/lib/database.sh"
# shellcheck source=script/lib/bench.sh
source "$CHECKOUT/script/lib/bench.sh"
# shellcheck source=script/lib/checkout.sh
source "$CHECKOUT/script/lib/checkout.sh"
# shellcheck source=script/lib/sites.sh
source "$CHECKOUT/script/lib/sites.sh"
# shellcheck source=script/lib/source.sh
source "$CHECKOUT/script/lib/source.sh"
