# SPDX-License-Identifier: Apache-2.0
"""`muster`: exact shapes of what other programs read, exit codes, and errors that say what, why and the next step."""
import json
import stat

import pytest

FAILED, USAGE, REFUSED, NOT_FOUND, CONFLICT, INVALID, UNAVAILABLE = 1, 2, 3, 4, 5, 6, 7
pytestmark = pytest.mark.sanitize


def test_init_prints_exactly_the_promised_members(bare_server):
    done = bare_server.program("muster", "init", "--config", bare_server.conf, "--org", "acme", "--name", "Acme Inc", "--admin-email", "a@acme.example", "--json")
    made = json.loads(done.stdout)
    assert set(made) == {"org", "admin", "api_token"} and set(made["org"]) == {"id", "slug"} and set(made["admin"]) == {"id", "email"}
    assert made["org"]["slug"] == "acme" and made["admin"]["email"] == "a@acme.example" and made["api_token"].startswith("mus_id_")
    for name in ("master.key", "checkpoint.key"):
        assert stat.S_IMODE((bare_server.folder / name).stat().st_mode) == 0o600
    if bare_server.engine == "sqlite":
        assert stat.S_IMODE((bare_server.folder / "muster.db").stat().st_mode) & 0o077 == 0


def test_init_refuses_a_slug_twice_and_takes_another(bare_server):
    bare_server.install("acme")
    keys = [(bare_server.folder / name).read_bytes() for name in ("master.key", "checkpoint.key")]
    again = bare_server.program("muster", "init", "--config", bare_server.conf, "--org", "ACME", "--name", "Again", "--admin-email", "a@b.example", "--json", check=False)
    assert again.returncode in (CONFLICT, INVALID) and not again.stdout.strip() and "ACME" in again.stderr.upper()
    bare_server.install("globex")
    assert [(bare_server.folder / name).read_bytes() for name in ("master.key", "checkpoint.key")] == keys
    bare_server.start()
    assert {bare_server.acme.api("GET", "/status").json["organization"]["slug"], bare_server.globex.api("GET", "/status").json["organization"]["slug"]} == {"acme", "globex"}


@pytest.mark.parametrize(("slug", "mail"), [("Not A Slug", "a@b.example"), ("", "a@b.example"), ("-x", "a@b.example"), ("x" * 200, "a@b.example"), ("fine", "no-address"), ("fine", "")])
def test_init_refuses_wrong_input(bare_server, slug, mail):
    done = bare_server.program("muster", "init", "--config", bare_server.conf, "--org", slug, "--name", "X", "--admin-email", mail, "--json", check=False)
    assert done.returncode in (USAGE, INVALID) and done.stderr.strip() and not done.stdout.strip()


def test_status_warns_of_the_bootstrap_token(server):
    status = server.cli_json("status")
    assert {"version", "organization", "caller", "revision", "counts", "warnings"} <= set(status)
    assert status["caller"]["kind"] == "identity" and status["caller"]["name"] == "bootstrap" and status["caller"]["role"] == "admin"
    assert status["warnings"]
    text = server.cli("status").stdout
    assert "acme" in text and "bootstrap" in text


def test_connection_create_prints_exactly_the_promised_members(server, unique):
    name = unique("cli-okta")
    made = server.cli_json("connection", "create", "scim", "--org", "acme", "--name", name, "--preset", "okta", "--profile", "lenient")
    assert set(made) == {"id", "base_url", "token"} and made["base_url"] == server.url + "/scim/v2" and made["token"].startswith("mus_scim_")
    assert server.http.request("GET", "/scim/v2/Users", token=made["token"]).status == 200
    assert name in server.cli("connection", "list").stdout
    rotated = server.cli_json("connection", "rotate", name)
    assert rotated["token"] != made["token"]
    assert server.http.request("GET", "/scim/v2/Users", token=made["token"]).status == 200  # R19: two live


def test_identity_create_prints_exactly_the_promised_members(server, unique):
    made = server.cli_json("identity", "create", unique("cli-bot"), "--org", "acme", "--role", "auditor", "--ttl", "12h")
    assert set(made) == {"id", "token"}
    status = server.cli_json("status", token=made["token"])
    assert status["caller"]["id"] == made["id"] and status["caller"]["role"] == "auditor"


def test_a_token_file_is_read_when_it_is_private(server):
    path = server.folder / "token"
    path.write_text(server.acme.token + "\n")
    path.chmod(0o600)
    assert server.cli("status", "--token-file", path, token="wrong").returncode == 0
    path.chmod(0o644)
    done = server.cli("status", "--token-file", path, check=False)
    assert done.returncode != 0 and "chmod 600" in done.stderr


def test_life_of_things_by_name(server, scim, unique):
    slug, group, name = unique("cli-project"), unique("cli group"), unique("cli@example.com")
    assert server.cli_json("project", "create", slug, "--name", "From the shell")["slug"] == slug
    assert server.cli_json("group", "create", group)["displayName"] == group
    user = scim.user(name)
    server.cli("grant", "create", name, "--project", slug, "--role", "viewer")
    assert server.cli("check", name, "read", "secret-folders", "--project", slug).stdout == "allowed\n"
    assert server.cli("check", name, "edit", "secret-folders", "--project", slug).stdout == "denied\n"
    assert server.cli("check", name, "edit", "secret-folders", "--project", slug, "--exit-code", check=False).returncode == REFUSED
    assert server.cli_json("check", name, "read", "groups")["decision"] is True
    server.cli("user", "deactivate", name)
    assert server.cli("check", name, "read", "groups").stdout == "denied\n"
    server.cli("user", "activate", name)
    assert server.cli_json("user", "show", name)["id"] == user["id"]
    server.cli("project", "delete", slug)
    assert server.cli("project", "show", slug, check=False).returncode == NOT_FOUND


@pytest.mark.parametrize("noun", ["user", "group", "identity", "project", "grant", "role", "connection", "upstream", "organization"])
def test_every_list_has_a_table_and_json(server, noun):
    done = server.cli(noun, "list")
    assert done.stdout.strip() or done.stderr == "nothing\n"  # an empty list is for people only
    listed = server.cli_json(noun, "list")
    items = listed["items"] if isinstance(listed, dict) else listed
    assert isinstance(items, list)


@pytest.mark.parametrize(("arguments", "code"), [
    (["frobnicate"], USAGE), (["user", "lst"], USAGE), (["project", "create"], USAGE), (["project", "create", "x", "--nmae", "y"], USAGE),
    (["status", "--limit", "x"], USAGE), (["connection", "create", "scim", "--name", "x", "--preset", "nobody"], USAGE),
    (["user", "show", "nobody@example.com"], NOT_FOUND), (["project", "create", "Not A Slug"], INVALID), (["connection", "rotate", "none"], NOT_FOUND),
])
def test_exit_codes_and_errors(server, arguments, code):
    done = server.cli(*arguments, check=False)
    assert done.returncode == code, done
    assert done.stderr.strip() and not done.stdout.strip()


def test_a_typing_error_is_answered_with_the_nearest_word(server):
    assert "list" in server.cli("user", "lst", check=False).stderr
    assert "--name" in server.cli("project", "create", "x", "--nmae", "y", check=False).stderr


def test_conflict_refusal_and_absence_have_their_codes(server, unique):
    slug = unique("twice")
    server.cli("project", "create", slug)
    assert server.cli("project", "create", slug, check=False).returncode == CONFLICT
    assert server.cli("status", token="mus_id_wrong", check=False).returncode == REFUSED
    weak = server.acme.identity(unique("weak"), role="member")["token"]
    assert server.cli("audit", "export", token=weak, check=False).returncode == REFUSED
    done = server.cli("status", "--url", "http://127.0.0.1:1", check=False)
    assert done.returncode == UNAVAILABLE and "127.0.0.1:1" in done.stderr


def test_without_address_or_token_it_says_what_to_set(server):
    for missing in ("MUSTER_URL", "MUSTER_TOKEN"):
        env = {"MUSTER_URL": server.url, "MUSTER_TOKEN": server.acme.token}
        del env[missing]
        done = server.program("muster", "status", check=False, env=env)
        assert done.returncode in (USAGE, INVALID, REFUSED) and missing in done.stderr


def test_help_of_every_command(server):
    text = server.program("muster", "help").stdout
    for command in ("init", "status", "user", "group", "identity", "project", "grant", "connection", "check", "audit"):
        assert command in text
        assert server.program("muster", "help", command).stdout.strip()
    assert server.program("muster", "--help").stdout.strip()


def test_secrets_never_stand_in_arguments(server):
    """There is no option that takes a token: arguments are seen by everybody on the machine."""
    done = server.cli("status", "--token", server.acme.token, check=False)
    assert done.returncode == USAGE and server.acme.token not in done.stderr
