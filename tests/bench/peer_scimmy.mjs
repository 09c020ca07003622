// SPDX-License-Identifier: Apache-2.0
// A peer for scim.py: npm scimmy behind express, resources in memory, found by id and by name through maps. Prints its port.
import { randomUUID } from "node:crypto";
import express from "express";
import SCIMMY from "scimmy";
import Routers from "scimmy-routers";

function keep(name) {
        const byId = new Map(), byName = new Map();
        const found = (id) => {
                if (!byId.has(id)) throw new SCIMMY.Types.Error(404, null, `there is no ${id}`);
                return byId.get(id);
        };
        return {
                ingress(resource, instance) {
                        const old = resource.id ? found(resource.id) : null, id = old?.id ?? randomUUID(), now = new Date().toISOString();
                        const data = JSON.parse(JSON.stringify(instance)), key = data[name].toLowerCase();
                        if ((byName.get(key) ?? id) !== id) throw new SCIMMY.Types.Error(409, "uniqueness", `${name} is taken`);
                        if (old) byName.delete(old[name].toLowerCase());
                        const kept = { ...data, id, meta: { created: old?.meta.created ?? now, lastModified: now } };
                        byId.set(id, kept);
                        byName.set(key, id);
                        return kept;
                },
                egress(resource) {
                        if (resource.id) return found(resource.id);
                        const [wanted] = resource.filter ?? [], [operator, value] = wanted?.[name] ?? [];
                        if (resource.filter?.length === 1 && String(operator).toLowerCase() === "eq") {
                                const id = byName.get(String(value).toLowerCase());
                                return id ? [byId.get(id)] : [];
                        }
                        return resource.filter ? resource.filter.match([...byId.values()]) : [...byId.values()];
                },
                degress(resource) {
                        byName.delete(found(resource.id)[name].toLowerCase());
                        byId.delete(resource.id);
                },
        };
}

SCIMMY.Resources.declare(SCIMMY.Resources.User, keep("userName"));
SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser);
SCIMMY.Resources.declare(SCIMMY.Resources.Group, keep("displayName"));
const authorized = (request) => {
        if (request.header("Authorization") !== "Bearer secret") throw new Error("wrong token");
        return "bench";
};
const app = express();
app.use("/scim/v2", new Routers({ type: "bearer", handler: authorized }));
const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
server.keepAliveTimeout = 120000;
