# shellcheck shell=bash
# MariaDB: running, utf8mb4, with an account of this bench's own; sites dumped and restored.

# As its administrator: by socket as root, or by password over TCP where one was given.
db_admin() {
	local without_tls=''
	if database_is_here; then without_tls=--$WITHOUT_TLS; fi
	if [[ -n $DB_ROOT_PASSWORD ]]; then
		MYSQL_PWD=$DB_ROOT_PASSWORD mariadb ${without_tls:+"$without_tls"} --protocol=tcp -h "$DB_HOST" -P "$DB_PORT" -u "$DB_ROOT_USER" "$@"
	else
		as_root "MariaDB's first account" mariadb "$@"
	fi
}

# As the bench's account, which makes and drops the databases of its sites.
db() { as_bench mariadb --defaults-extra-file="$BENCH_STATE/mariadb.cnf" "$@"; }

db_answers() { db -e 'SELECT 1' >/dev/null 2>&1; }

# Sites sign in from this machine; through a container's port they seem to come from another.
db_scope() { if [[ $(kept_get DB_SCOPE) == % ]]; then echo %; else echo localhost; fi; }

# This machine's server may have no TLS, which clients from 11.4 on refuse. What goes to another machine stays as its
# client wants it. "loose": an older client passes over what it doesn't know.
readonly WITHOUT_TLS=loose-disable-ssl-verify-server-cert
database_is_here() { [[ $DB_HOST =~ ^(localhost|127\..*|::1)$ ]]; }

# Read by every client of MariaDB that runs as the bench user: see MYSQL_HOME.
write_client_config() {
	{
		echo '[client]'
		if database_is_here; then echo "$WITHOUT_TLS"; fi
	} | write_for_bench "$BENCH_STATE/my.cnf" 644
}

start_mariadb() {
	if [[ -n $DB_ROOT_PASSWORD ]]; then
		db_admin -e 'SELECT 1' >/dev/null || die "$EXIT_DATABASE" "MariaDB at $DB_HOST:$DB_PORT does not let $DB_ROOT_USER in. Check ORCHESTRATOR_DB_HOST, _DB_PORT, _DB_ROOT_USER and _DB_ROOT_PASSWORD."
		return
	fi
	db_answers && return
	mariadb_up && return
	if [[ -d /run/systemd/system ]]; then
		detached as_root "Starting MariaDB" systemctl start mariadb || true
	elif have service; then
		detached as_root "Starting MariaDB" service mariadb start || true
	fi
	mariadb_up || start_mariadb_directly
	wait_for_mariadb
}

mariadb_up() { port_taken "$DB_PORT" && as_root "Asking MariaDB" mariadb-admin ping >/dev/null 2>&1; }

# Without an init system, as in a container.
start_mariadb_directly() {
	as_root "Starting MariaDB" install -d -o mysql -g mysql /run/mysqld
	detached as_root "Starting MariaDB" setsid --fork mariadbd-safe --user=mysql >/dev/null 2>&1
}

wait_for_mariadb() {
	local _
	for _ in {1..60}; do
		if mariadb_up; then return; fi
		sleep 1
	done
	die "$EXIT_DATABASE" "MariaDB did not start within a minute; journalctl -u mariadb or /var/log/mysql says why. To use another server set ORCHESTRATOR_DB_HOST, _DB_PORT and _DB_ROOT_PASSWORD."
}

# Only a server that isn't right gets the drop-in, and is restarted for it. Another machine's is left alone: our
# databases are made utf8mb4 by name.
set_utf8mb4() {
	[[ -z $DB_ROOT_PASSWORD && $(db_admin -BNe 'SELECT @@character_set_server') != utf8mb4 ]] || return 0
	as_root "MariaDB's character set" tee /etc/mysql/mariadb.conf.d/90-orchestrator.cnf >/dev/null <<-'CNF'
		# Frappe stores utf8mb4 only.
		[mysqld]
		character-set-server = utf8mb4
		collation-server = utf8mb4_unicode_ci
	CNF
	if [[ -d /run/systemd/system ]]; then
		as_root "Restarting MariaDB" systemctl restart mariadb
	else
		as_root "Restarting MariaDB" mariadb-admin shutdown
		start_mariadb
	fi
	wait_for_mariadb
}

make_db_account() {
	local name password scope=localhost
	db_answers && return
	name=orchestrator_$(printf '%s' "$BENCH" | hash_of | cut -c1-8)
	password=$(random_secret)
	[[ -z $DB_ROOT_PASSWORD ]] || scope=%
	db_admin <<-SQL
		CREATE OR REPLACE USER '$name'@'$scope' IDENTIFIED BY '$password';
		GRANT ALL ON *.* TO '$name'@'$scope' WITH GRANT OPTION;
	SQL
	kept_set DB_SCOPE "$scope"
	printf '[client]\nprotocol=tcp\nhost=%s\nport=%s\nuser=%s\npassword=%s\n' "$DB_HOST" "$DB_PORT" "$name" "$password" |
		write_for_bench "$BENCH_STATE/mariadb.cnf" 600
	db_answers || die "$EXIT_DATABASE" "MariaDB does not answer at $DB_HOST:$DB_PORT over TCP. Frappe needs that: check bind-address, skip-networking and skip-name-resolve."
}

prepare_database() {
	write_client_config
	start_mariadb
	if ! db_answers; then
		set_utf8mb4
		make_db_account
	fi
}

# --- sites ---
site_folder() { printf '%s/sites/%s' "$BENCH" "$1"; }
site_exists() { [[ -f $(site_folder "$1")/site_config.json ]]; }
site_database() { printf 'o_%s' "$(printf '%s' "$BENCH/$1" | hash_of)"; }

# make_database NAME PASSWORD: empty, with its user, whatever was there before.
make_database() {
	local scope
	scope=$(db_scope)
	db <<-SQL
		DROP DATABASE IF EXISTS \`$1\`;
		CREATE DATABASE \`$1\` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
		CREATE OR REPLACE USER '$1'@'$scope' IDENTIFIED BY '$2';
		GRANT ALL ON \`$1\`.* TO '$1'@'$scope';
	SQL
}

# dump_site SITE FILE
dump_site() {
	# shellcheck disable=SC2016
	as_bench bash -c 'set -eo pipefail
		mariadb-dump --defaults-extra-file="$1" --single-transaction --quick --skip-dump-date "$2" | gzip -1 >"$3.part"
		mv "$3.part" "$3"' dump "$BENCH_STATE/mariadb.cnf" "$(site_database "$1")" "$2"
}

# load_dump FILE DATABASE
load_dump() {
	# shellcheck disable=SC2016
	as_bench bash -c 'set -eo pipefail
		{ echo "SET SESSION foreign_key_checks=0, unique_checks=0, autocommit=0;"; gzip -dc "$3" | sed "/999999.*enable the sandbox mode/d"; echo "COMMIT;"; } |
			mariadb --defaults-extra-file="$1" "$2"' load "$BENCH_STATE/mariadb.cnf" "$2" "$1"
}

# restore_site SITE FILE EXTRA-JSON: the site as the dump has it, its old folder and database gone.
restore_site() {
	local site=$1 folder password database
	folder=$(site_folder "$site")
	database=$(site_database "$site")
	password=$(random_secret)
	as_bench rm -rf "$folder"
	as_bench mkdir -p "$folder"/{public/files,private/files,private/backups,logs,locks}
	make_database "$database" "$password"
	load_dump "$2" "$database"
	printf '{\n "db_name": "%s",\n "db_password": "%s",\n "db_type": "mariadb",\n "encryption_key": "%s"%s\n}\n' \
		"$database" "$password" "$(head -c 32 /dev/urandom | base64 | tr '+/' '-_')" "$3" |
		write_for_bench "$folder/site_config.json" 600
	frappe --site "$site" clear-cache
}

drop_site() {
	local scope
	scope=$(db_scope)
	db -e "DROP DATABASE IF EXISTS \`$(site_database "$1")\`; DROP USER IF EXISTS '$(site_database "$1")'@'$scope'"
	as_bench rm -rf "$(site_folder "$1")"
}
