# shellcheck shell=bash
# The machine: packages, the bench user, git, the bench command and yarn.

apt_candidate_major() { apt-cache policy "$1" 2>/dev/null | sed -nE 's/ *Candidate: ([0-9]+:)?([0-9]+).*/\2/p'; }

package_missing() { [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) != installed ]]; }

wanted_packages() {
	printf '%s\n' git curl ca-certificates build-essential pkg-config python3-dev python3-venv libmariadb-dev mariadb-client fontconfig xz-utils
	printf '%s\n' fonts-dejavu-core fonts-wqy-zenhei # of PDFs: Latin, Greek, Cyrillic, Hebrew, Arabic; Chinese, Japanese, Korean
	[[ -n $DB_ROOT_PASSWORD ]] || echo mariadb-server
	[[ -n $REDIS_CACHE && -n $REDIS_QUEUE ]] || echo redis-server
}

install_packages() {
	local missing=() package
	while read -r package; do
		if package_missing "$package"; then missing+=("$package"); fi
	done < <(wanted_packages)
	have wkhtmltopdf || missing+=(wkhtmltopdf)
	if [[ ${#missing[@]} -eq 0 ]] && node_fits; then return; fi
	apt_get update || die "$EXIT_REGISTRY" "apt-get update failed: the package server can't be reached. Check the network, or /etc/apt/sources.list, and run this again. Details: $SETUP_LOG"
	if ! apt-cache show wkhtmltopdf >/dev/null 2>&1; then
		note "this system's packages have no wkhtmltopdf; PDFs won't be made until it is installed (https://wkhtmltopdf.org/downloads.html)."
		missing=("${missing[@]/wkhtmltopdf/}")
	fi
	if ! node_fits && [[ $(apt_candidate_major nodejs) -ge $(oldest_node "$FRAPPE") ]]; then
		bench_has node || missing+=(nodejs)
		bench_has npm || missing+=(npm)
	fi
	# shellcheck disable=SC2068 # an emptied entry must vanish
	apt_get install -y --no-install-recommends ${missing[@]} || die "$EXIT_REGISTRY" "apt-get could not install: ${missing[*]}. See the end of $SETUP_LOG, fix it, and run this again."
}

apt_get() { as_root "Installing system packages" env DEBIAN_FRONTEND=noninteractive apt-get -q "$@"; }

make_bench_user() {
	if ! getent passwd "$BENCH_USER" >/dev/null; then
		as_root "Creating the user $BENCH_USER" useradd --create-home --shell /bin/bash "$BENCH_USER"
		BENCH_HOME=$(getent passwd "$BENCH_USER" | cut -d: -f6)
	fi
}

# The first folder is made as root where the bench user can't make it (ORCHESTRATOR_BENCH=/opt/bench).
make_bench_folder() {
	if ! as_bench mkdir -p "$BENCH" 2>/dev/null; then
		as_root "Creating $BENCH" mkdir -p "$BENCH"
		as_root "Creating $BENCH" chown "$BENCH_USER:" "$BENCH"
	fi
	as_bench mkdir -p "$BENCH_STATE"/{stamps,run,yarn-mirror,checkouts} "$BENCH"/{logs,base,sites}
	as_bench chmod 700 "$BENCH_STATE"
	SETUP_LOG=$BENCH/logs/setup.log
	as_bench touch "$SETUP_LOG"
}

# Git as the bench user: the official addresses stay in every repository; where they lead is decided here.
# In a file, not in GIT_CONFIG_COUNT: git drops that when it serves a local path, and with it safe.directory.
write_git_config() {
	{
		printf '[include]\n\tpath = %s\n' "$BENCH_HOME/.gitconfig"
		printf '[advice]\n\tdetachedHead = false\n'
		if [[ $GIT_BASE != https://github.com ]]; then
			printf '[url "%s/frappe/"]\n\tinsteadOf = https://github.com/frappe/\n' "$GIT_BASE"
		fi
		if [[ $GIT_BASE == file://* || $GIT_BASE == /* ]]; then printf '[safe]\n\tdirectory = *\n'; fi
	} | write_for_bench "$BENCH_STATE/gitconfig" 644
}

readonly BENCH_CLI_PACKAGES='frappe-bench>=5.22,<6 setuptools<81'

install_bench_cli() {
	as_bench "$(find_python)" -m venv --clear "$BENCH_STATE/bench-cli"
	# shellcheck disable=SC2086 # two requirements
	as_bench "$BENCH_STATE/bench-cli/bin/pip" install --quiet $BENCH_CLI_PACKAGES ||
		die "$EXIT_REGISTRY" "pip could not fetch frappe-bench. Check the network or proxy; behind a firewall set PIP_INDEX_URL (and PIP_CERT) to a mirror of PyPI. Details: $SETUP_LOG"
}

# A yarn of the bench's own: yarn 2 and later can't install Frappe, and Debian's "yarn" is another program.
install_yarn() {
	as_bench npm install --global --prefix "$BENCH_STATE/yarn" yarn@1 ||
		die "$EXIT_REGISTRY" "npm could not fetch yarn 1. Check the network or proxy; behind a firewall set npm_config_registry (and NODE_EXTRA_CA_CERTS) to a mirror. Details: $SETUP_LOG"
}
