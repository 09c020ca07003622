#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A throw-away PostgreSQL cluster for tests, on loopback with trust authentication.
#   postgres_cluster.sh start DIR [--durable] [-c NAME=VALUE]...   makes it in DIR (new or empty), prints its URL
#   postgres_cluster.sh stop DIR                                   stops it, leaves the files
# Without --durable fsync is off: nothing about durability can be tested then. Exit 77: no PostgreSQL here.
set -eu

die() {
        echo "postgres_cluster.sh: $1" >&2
        exit "${2:-1}"
}

# The newest installed version, or the one in PATH.
find_binaries() {
        found=$(for bin in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin; do
                [ ! -x "$bin/initdb" ] || echo "$bin"
        done | sort -rV | head -n 1)
        [ -z "$found" ] || { echo "$found" && return; }
        initdb=$(command -v initdb) || die "no initdb: install PostgreSQL" 77
        dirname "$(readlink -f "$initdb")"
}

# PostgreSQL refuses to run as root.
as_owner() {
        if [ "$(id -u)" = 0 ]; then
                runuser -u "$owner" -- "$@"
        else
                "$@"
        fi
}

free_port() {
        attempt=0
        while [ $attempt -lt 50 ]; do
                port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))
                "$binaries/pg_isready" -q -h 127.0.0.1 -p "$port" -t 1 && status=0 || status=$?
                [ "$status" = 2 ] && echo "$port" && return
                attempt=$((attempt + 1))
        done
        die "no free port"
}

start() {
        durable=off
        extra=""
        while [ $# -gt 0 ]; do
                case $1 in
                --durable) durable=on ;;
                -c) shift && extra="$extra -c $1" ;;
                *) die "unknown option $1" 2 ;;
                esac
                shift
        done
        mkdir -p "$folder"
        [ "$(id -u)" != 0 ] || chown "$owner" "$folder"
        chmod 700 "$folder"
        as_owner "$binaries/initdb" -D "$folder/data" -U muster --auth=trust --encoding=UTF8 --locale=C --no-sync >"$folder/initdb.log" 2>&1 ||
                die "initdb failed: $(tail -n 3 "$folder/initdb.log")"
        attempt=0
        while [ $attempt -lt 5 ]; do
                port=$(free_port)
                if as_owner "$binaries/pg_ctl" -D "$folder/data" -w -t 30 -l "$folder/data/server.log" -o "-p $port -c \
listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=$durable -c shared_buffers=32MB -c max_connections=60 $extra" \
                        start >/dev/null 2>&1; then
                        as_owner "$binaries/createdb" -h 127.0.0.1 -p "$port" -U muster muster
                        echo "postgresql://muster@127.0.0.1:$port/muster"
                        return
                fi
                attempt=$((attempt + 1))
        done
        die "the server does not start: $(tail -n 3 "$folder/data/server.log" 2>/dev/null)"
}

[ $# -ge 2 ] || die "usage: postgres_cluster.sh start|stop DIR [options]" 2
command=$1
folder=$2
shift 2
owner=nobody
! id postgres >/dev/null 2>&1 || owner=postgres
binaries=$(find_binaries)
case $command in
start) start "$@" ;;
stop) as_owner "$binaries/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null ;;
*) die "unknown command $command" 2 ;;
esac
