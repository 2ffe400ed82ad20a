"""The image to debug with: a module is compiled and loaded, a debugger names functions."""

from __future__ import annotations

import pytest

from tests.image.conftest import Start

pytestmark = pytest.mark.image("debug", only=True)

MODULE = r"""
#include "asterisk.h"
#include "asterisk/module.h"
#include "asterisk/cli.h"

static char *hello(struct ast_cli_entry *entry, int command, struct ast_cli_args *args)
{
    if (command == CLI_INIT) {
        entry->command = "mine hello";
        entry->usage = "Usage: mine hello\n";
    } else if (command != CLI_GENERATE) {
        ast_cli(args->fd, "hello from mine\n");
        return CLI_SUCCESS;
    }
    return NULL;
}

static struct ast_cli_entry entries[] = { AST_CLI_DEFINE(hello, "Says hello") };

static int load_module(void)
{
    ast_cli_register_multiple(entries, ARRAY_LEN(entries));
    return AST_MODULE_LOAD_SUCCESS;
}

static int unload_module(void)
{
    ast_cli_unregister_multiple(entries, ARRAY_LEN(entries));
    return 0;
}

AST_MODULE_INFO_STANDARD(ASTERISK_GPL_KEY, "Mine");
"""
COMPILE = (
    "gcc -O2 -Wall -Werror -fPIC -shared -DAST_MODULE='\"app_mine\"' "
    "-DAST_MODULE_SELF_SYM=__internal_app_mine_self "
    "-o /usr/lib/asterisk/modules/app_mine.so /tmp/app_mine.c"
)


def test_a_module_of_ones_own_is_compiled_and_loaded(start: Start) -> None:
    pbx = start()
    pbx.run(f"cat > /tmp/app_mine.c << 'END'\n{MODULE}END")
    assert pbx.run(COMPILE) == ""
    assert "Loaded app_mine" in pbx.asterisk("module load app_mine.so")
    assert "hello from mine" in pbx.asterisk("mine hello")


def test_a_debugger_names_the_functions_that_asterisk_is_in(start: Start) -> None:
    pbx = start(cap_add=["SYS_PTRACE"])
    told = pbx.run('gdb --batch --pid "$(pidof asterisk)" -ex "thread apply all backtrace" 2>&1')
    assert " in ast_" in told
