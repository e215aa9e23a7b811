"""Run by i18n.py in Odoo's environment: DATABASE FOLDER MODULE... writes a template of each module.

One by one: Odoo names a record that several modules extend in the template of one of them only, when it exports
them together.
"""

import sys
from pathlib import Path

import odoo


def export(database: str, folder: str, *modules: str) -> None:
    """Write the templates of these modules into a folder."""
    odoo.tools.config.parse_config(["-d", database])
    with odoo.registry(database).cursor() as cursor:
        for module in modules:
            with Path(folder, f"{module}.pot").open("wb") as target:
                odoo.tools.trans_export(None, [module], target, "po", cursor)


if __name__ == "__main__":
    export(*sys.argv[1:])
