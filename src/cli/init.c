/* SPDX-License-Identifier: Apache-2.0
 *
 * `muster init` and `muster db upgrade`: without a server, through the same code that the server would use. */
#include "client.h"

#include "base/auto.h"
#include "base/settings.h"
#include "directory/install.h"
#include "output.h"

AUTO_DEFINE(struct settings *, settings_free)

static void print_next_steps(const struct cli *cli, const struct invocation *invocation, const struct settings *settings)
{
        (void)fprintf(cli->err, "The token is shown only now; it is good for %d days.\n  next: musterd --config ", BOOTSTRAP_TOKEN_DAYS);
        output_text(cli->err, invocation->values[OPT_CONFIG]);
        (void)fputs("\n        export MUSTER_URL=", cli->err);
        output_text(cli->err, settings->public_url);
        (void)fputs(" MUSTER_TOKEN=...\n        muster status\n", cli->err);
}

enum err init_run(struct cli *cli, const struct invocation *invocation, struct fault *fault)
{
        AUTO(settings_free) struct settings *settings = NULL;
        enum err e = settings_load(invocation->values[OPT_CONFIG], &settings, fault);
        if (e)
                return e;
        const struct install_options options = {
                .settings = settings,
                .slug = invocation->values[OPT_ORG],
                .name = invocation->values[OPT_NAME],
                .admin_email = invocation->values[OPT_ADMIN_EMAIL],
        };
        struct install_result result = { 0 };
        e = install_init(&options, &result, fault);
        if (e)
                return e;
        json_auto_t *answer = json_pack("{s:{s:s, s:s}, s:{s:s, s:s}, s:s}", "org", "id", result.org_id, "slug", options.slug, "admin",
                "id", result.admin_id, "email", options.admin_email, "api_token", result.api_token.text);
        secret_done(&result.api_token);
        if (!answer)
                return fault_set(fault, ERR_MEMORY, NULL, "Out of memory; the organisation is made, but its token is lost.");
        e = call_show(cli, invocation, answer, NULL, fault);
        if (!e && !invocation->values[OPT_JSON])
                print_next_steps(cli, invocation, settings);
        return e;
}

enum err upgrade_run(struct cli *cli, const struct invocation *invocation, struct fault *fault)
{
        AUTO(settings_free) struct settings *settings = NULL;
        enum err e = settings_load(invocation->values[OPT_CONFIG], &settings, fault);
        if (!e)
                e = install_upgrade(settings, fault);
        if (e)
                return e;
        if (invocation->values[OPT_JSON])
                (void)fputs("{\"upgraded\":true}\n", cli->out);
        else
                (void)fputs("the schema is up to date\n", cli->out);
        return ERR_OK;
}
