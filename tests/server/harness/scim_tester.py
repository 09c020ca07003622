# SPDX-License-Identifier: Apache-2.0
"""Runs scim2-tester against one server and prints its results as JSON; needs scim2-tester, scim2-client and httpx2.

    python scim_tester.py BASE_URL TOKEN

Its models do not know RFC 9967 yet and refuse what they do not know, so `securityEvents` is taken out of ServiceProviderConfig on the
way; everything else reaches it as the server sent it. It fills every text with a UUID, also userName, where that form is kept for ids (R10):
its values get a letter in front.
"""
import json
import sys
import uuid

import httpx2
import scim2_tester.filling
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import check_server


class Lettered:
    def __init__(self):
        self.bytes = uuid.uuid4().bytes

    def __str__(self):
        return f"v{uuid.UUID(bytes=self.bytes)}"

    @staticmethod
    def uuid4():
        return Lettered()


class WithoutEvents(httpx2.HTTPTransport):
    def handle_request(self, request):
        response = super().handle_request(request)
        if not request.url.path.endswith("/ServiceProviderConfig") or response.status_code != 200:
            return response
        document = json.loads(response.read())
        document.pop("securityEvents")
        headers = [(key, value) for key, value in response.headers.items() if key.lower() != "content-length"]
        return httpx2.Response(200, headers=headers, content=json.dumps(document).encode(), request=request)


def main(base_url, token):
    scim2_tester.filling.uuid = Lettered
    http = httpx2.Client(base_url=base_url, headers={"Authorization": f"Bearer {token}"}, transport=WithoutEvents())
    results = check_server(SyncSCIMClient(http))
    print(json.dumps([{"status": one.status.name, "title": one.title, "reason": str(one.reason or "")} for one in results]))


main(*sys.argv[1:])
