# SPDX-License-Identifier: Apache-2.0
"""What whole-server tests share: an HTTP client, a PostgreSQL cluster, a musterd of one's own, and SCIM bodies. Standard library only."""
