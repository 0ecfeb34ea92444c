# shellcheck shell=bash
# What can be known to fail before anything is changed.

check_os() {
	if ! { [[ $(uname -s) == Linux ]] && have apt-get && have dpkg-query; }; then
		die "$EXIT_OS" "This needs Debian 12 or later, or Ubuntu 22.04 or later (a Linux with apt). On other systems use the container image: README.md, \"Production\"."
	fi
}

# Root is needed for packages, the bench user, starting MariaDB and its first account; not on later runs.
check_root() {
	stamp_is platform "$(platform_key)" && return
	can_be_root || die "$EXIT_SUDO" "Setting up needs root (packages, MariaDB). Run this as root, or as a user who may use sudo."
}

check_disk() {
	local folder=$BENCH free
	stamp_is platform "$(platform_key)" && return
	while [[ ! -d $folder ]]; do folder=$(dirname "$folder"); done
	free=$(($(df -Pk "$folder" | awk 'NR == 2 {print $4}') / 1024 / 1024))
	((free >= MIN_DISK_GB)) || die "$EXIT_DISK" "$folder has $free GB free; the bench needs $MIN_DISK_GB GB. Make room, or set ORCHESTRATOR_BENCH to a folder on a larger disk."
}

# check_web_port: taken by anyone but this bench's own server.
check_web_port() {
	if is_running web && [[ $(stamp_read serving) == *" $HOST:$PORT "* ]]; then return; fi
	! port_taken "$PORT" || die "$EXIT_PORT" "Port $PORT is in use by another program. Stop it, or choose another port: ORCHESTRATOR_PORT=8001 script/server"
}

# Only where something is still to be fetched; 20 seconds decide.
check_git_base() {
	local app url branch _
	stamp_is sources "$(sources_key)" && return
	have git || return 0
	read -r app url branch _ < <(pins)
	if ! timeout 20 git -c "url.$GIT_BASE/frappe/.insteadOf=https://github.com/frappe/" ls-remote --exit-code "$url" "$branch" >/dev/null 2>&1 </dev/null; then
		die "$EXIT_GIT" "$GIT_BASE/frappe/$app does not answer, or has no $branch. Check the network or proxy, or set ORCHESTRATOR_GIT_BASE to a mirror (https://… or file:///…) that has frappe/<repository> for all of $(pins_file "$FRAPPE")."
	fi
}

preflight() {
	check_os
	check_root
	check_disk
	check_git_base
}
