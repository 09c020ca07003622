# SPDX-License-Identifier: Apache-2.0
"""Discovery documents, media types, status codes and the form of errors (RFC 7644)."""
import pytest

pytestmark = pytest.mark.sanitize
ERROR = ["urn:ietf:params:scim:api:messages:2.0:Error"]
CORE = {"urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:core:2.0:Group",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"}
META = {"urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig", "urn:ietf:params:scim:schemas:core:2.0:ResourceType",
        "urn:ietf:params:scim:schemas:core:2.0:Schema"}


def test_service_provider_config_says_what_is_true(scim):
    config = scim("GET", "/ServiceProviderConfig", expect=200).json
    assert config["schemas"] == ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"]
    assert config["patch"]["supported"] is True and config["filter"]["supported"] is True and config["filter"]["maxResults"] >= 100
    assert config["etag"]["supported"] is True and config["sort"]["supported"] is True and config["changePassword"]["supported"] is False
    assert config["bulk"] == {"supported": True, "maxOperations": 1000, "maxPayloadSize": 1048576}
    assert config["pagination"] == {"cursor": True, "index": True, "defaultPaginationMethod": "index", "defaultPageSize": 100,
                                    "maxPageSize": 1000, "cursorTimeout": 3600}
    assert config["securityEvents"] == {"asyncRequest": "none", "eventUris": []}
    assert any(scheme["type"] == "oauthbearertoken" for scheme in config["authenticationSchemes"])


def test_schemas_are_listed_and_found_by_urn(scim):
    found = {schema["id"]: schema for schema in scim("GET", "/Schemas", expect=200).json["Resources"]}
    assert CORE | META <= set(found)
    for urn in CORE:
        assert scim("GET", f"/Schemas/{urn}", expect=200).json["id"] == urn
    user_name = next(a for a in found["urn:ietf:params:scim:schemas:core:2.0:User"]["attributes"] if a["name"] == "userName")
    assert user_name["required"] is True and user_name["caseExact"] is False and user_name["uniqueness"] == "server"
    scim("GET", "/Schemas/urn:nothing", expect=404)


def test_resource_types(scim):
    types = {kind["name"]: kind for kind in scim("GET", "/ResourceTypes", expect=200).json["Resources"]}
    assert {"User", "Group"} <= set(types)
    for name, kind in types.items():
        assert kind["id"] == name and kind["endpoint"].startswith("/")
        assert scim("GET", f"/ResourceTypes/{name}", expect=200).json["schema"] == kind["schema"]
    scim("GET", "/ResourceTypes/Nothing", expect=404)


@pytest.mark.parametrize("path", ["/ServiceProviderConfig", "/Schemas", "/ResourceTypes"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_discovery_is_read_only(scim, path, method):
    reply = scim(method, path, {} if method != "DELETE" else None, expect=405)
    assert "GET" in reply.headers["Allow"] and reply.json["schemas"] == ERROR


@pytest.mark.parametrize("path", ["/ServiceProviderConfig", "/Schemas", "/ResourceTypes"])
def test_filter_on_discovery_is_forbidden(scim, path):
    scim("GET", f'{path}?filter=id eq "x"', expect=403)


@pytest.mark.parametrize("path", ["/", "/Nothing", "/Users/x/y", "/users2", "/Users/x/.search"])
def test_unknown_paths_are_404_in_scim_form(scim, path):
    reply = scim("GET", path, expect=404)
    assert reply.json["schemas"] == ERROR and reply.json["status"] == "404"
    assert reply.headers["Content-Type"].startswith("application/scim+json")


@pytest.mark.parametrize("path,status", [("/Users//x", 400), ("/Users/%2e%2e/x", 400), ("/Users/a%2fb", 400), ("/Users/%ff", 400), ("/Users?filter=%00", 400),
                                         ("/Users?filter=" + "(" * 9000, 414)])
def test_what_no_path_may_hold_is_refused_in_scim_form(scim, path, status):
    reply = scim("GET", path, expect=status)
    assert reply.json["schemas"] == ERROR and reply.json["status"] == str(status)
    assert reply.headers["Content-Type"].startswith("application/scim+json")


def test_headers_beyond_all_measure_are_refused_in_scim_form(scim):
    assert scim("GET", "/Users", headers={"X-Long": "x" * 17000}, expect=400).json["schemas"] == ERROR


@pytest.mark.parametrize("method,path", [(method, path) for path in ("/Nothing", "/Nothing/x", "/users", "/Users/x/y") for method in ("PUT", "PATCH", "DELETE")]
                         + [("POST", "/Nothing"), ("POST", "/Nothing/x")]
                         + [(method, "/Nothing/.search") for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")])
def test_unknown_endpoints_are_404_with_every_method(scim, method, path):
    reply = scim(method, path, None if method in ("GET", "HEAD", "DELETE") else {"schemas": []}, expect=404)
    assert "Allow" not in reply.headers
    if method == "HEAD":
        return
    assert reply.json["schemas"] == ERROR and reply.json["status"] == "404"


@pytest.mark.parametrize("method,path,allow", [("PUT", "/Users", "GET, POST"), ("PATCH", "/Groups", "GET, POST"), ("DELETE", "/Users", "GET, POST"),
                                               ("POST", "/Users/x", "GET, PUT, PATCH, DELETE"), ("PUT", "/Bulk", "POST"), ("GET", "/.search", "POST")]
                         + [(method, "/Users/.search", "POST") for method in ("GET", "PUT", "PATCH", "DELETE")])
def test_known_endpoints_with_a_wrong_method_are_405(scim, method, path, allow):
    reply = scim(method, path, None if method in ("GET", "DELETE") else {"schemas": []}, expect=405)
    assert reply.json["schemas"] == ERROR and reply.headers["Allow"] == allow


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "BREW"])
@pytest.mark.parametrize("path,allow", [("/Users", "GET, POST"), ("/Groups/x", "GET, PUT, PATCH, DELETE"), ("/Users/.search", "POST"),
                                        ("/.search", "POST"), ("/Bulk", "POST"), ("/Schemas/x", "GET")])
def test_methods_that_no_address_knows_are_told_what_this_one_knows(scim, method, path, allow):
    reply = scim(method, path, expect=405)
    assert reply.json["schemas"] == ERROR and reply.headers["Allow"] == allow


@pytest.mark.parametrize("path", ["", "/", "/Users/x/y", "/Users/"])
def test_unknown_paths_are_404_with_methods_that_no_address_knows(scim, path):
    reply = scim("OPTIONS", path, expect=404)
    assert reply.json["schemas"] == ERROR and "Allow" not in reply.headers


def test_a_wrong_method_tells_nothing_without_a_token(scim):
    for path in ("/Users", "/Nothing", "/Nothing/.search"):
        assert scim("PUT", path, {"schemas": []}, token="wrong").status == 401


def test_wrong_method_names_the_right_ones(scim):
    allow = scim("DELETE", "/Users", expect=405).headers["Allow"]
    assert "GET" in allow and "POST" in allow


@pytest.mark.parametrize("kind", ["application/json", "application/scim+json", "application/scim+json; charset=utf-8", "Application/JSON;charset=UTF-8",
                                  'application/json; charset="utf-8"', "application/json; charset=us-ascii"])
def test_accepted_media_types(scim, unique, kind):
    scim("POST", "/Users", {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": unique("media@example.com")},
         content_type=kind, expect=201)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx"])
def test_other_media_types_are_415(scim, kind):
    assert scim("POST", "/Users", "{}", content_type=kind, expect=415).json["status"] == "415"


def test_answers_name_the_request_and_forbid_caching(scim):
    reply = scim("GET", "/Users?count=1", headers={"X-Request-ID": "my-own.id_1"}, expect=200)
    assert reply.headers["X-Request-ID"] == "my-own.id_1"
    other = scim("GET", "/Users?count=1", headers={"X-Request-ID": "bad id\twith spaces"}, expect=200)
    assert other.headers["X-Request-ID"] and " " not in other.headers["X-Request-ID"]
    assert "no-store" in reply.headers.get("Cache-Control", "")


def test_head_is_get_without_body(scim):
    reply = scim("HEAD", "/ServiceProviderConfig", expect=200)
    assert reply.body == b"" and int(reply.headers["Content-Length"]) > 0


def test_unknown_query_keys_are_harmless(scim):
    scim("GET", "/Users?aadOptscim062020&count=1", expect=200)


def test_r17_filter_on_an_unknown_attribute_matches_nothing(scim, unique):
    scim.user(unique("r17@example.com"))
    for text in ('nothing eq "x"', 'not (nothing eq "x")', 'nothing ne "x"'):
        assert scim("GET", f"/Users?filter={text}", expect=200).json["totalResults"] == 0


def test_r17_strict_refuses_it(server, unique):
    strict = server.acme.connection(unique("strict"), profile="strict")
    assert strict("GET", '/Users?filter=nothing eq "x"', expect=400).json["scimType"] == "invalidFilter"
