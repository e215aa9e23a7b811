"""What is in a database, by name: to see what an addon brings, and what it leaves behind."""

import re

from .server import Database

CATALOG = """
    SELECT 'table ' || table_name FROM information_schema.tables WHERE table_schema = 'public'
     UNION ALL
    SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
        || ' ' || COALESCE(column_default, '')
      FROM information_schema.columns WHERE table_schema = 'public'
     UNION ALL
    SELECT 'index ' || tablename || ' ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
     UNION ALL
    SELECT 'trigger ' || tgrelid::regclass || ' ' || tgname FROM pg_trigger WHERE NOT tgisinternal
     UNION ALL
    SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
     UNION ALL
    SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype != 'n'
"""
# Records that modules make, each by what it is called.
RECORDS = {
    # Of modules and their categories, there is one for each that could be installed.
    "external id": "SELECT module || '.' || name FROM ir_model_data WHERE name NOT LIKE 'module\\_%'",
    "model": "SELECT model FROM ir_model",
    "field": "SELECT model || '.' || name FROM ir_model_fields",
    "selection": """
        SELECT field.model || '.' || field.name || ' ' || selection.value
          FROM ir_model_fields_selection selection JOIN ir_model_fields field ON field.id = selection.field_id
    """,
    # Odoo forgets those of foreign keys with no module.
    "constraint": "SELECT name FROM ir_model_constraint WHERE type != 'f'",
    "relation": "SELECT name FROM ir_model_relation",
    "access": "SELECT name FROM ir_model_access",
    "rule": "SELECT name FROM ir_rule",
    "group": "SELECT name->>'en_US' FROM res_groups",
    "view": "SELECT COALESCE(key, name) FROM ir_ui_view",
    "menu": "SELECT name->>'en_US' FROM ir_ui_menu",
    "action": "SELECT type || ' ' || (name->>'en_US') FROM ir_actions",
    "cron": "SELECT cron_name FROM ir_cron",
    "template": "SELECT name->>'en_US' FROM mail_template",
    "parameter": "SELECT key FROM ir_config_parameter",
    "default": "SELECT field_id::text FROM ir_default",
    "subtype": "SELECT name->>'en_US' FROM mail_message_subtype",
    "activity type": "SELECT name->>'en_US' FROM mail_activity_type",
    "asset": "SELECT name FROM ir_asset",
}
# What may refer to models that are gone.
LOOSE_ENDS = """
    SELECT 'message of ' || model FROM mail_message WHERE model NOT IN (SELECT model FROM ir_model)
     UNION
    SELECT 'attachment of ' || res_model FROM ir_attachment WHERE res_model NOT IN (SELECT model FROM ir_model)
     UNION
    SELECT 'follower of ' || res_model FROM mail_followers WHERE res_model NOT IN (SELECT model FROM ir_model)
     UNION
    SELECT 'activity of ' || res_model FROM mail_activity WHERE res_model NOT IN (SELECT model FROM ir_model)
     UNION
    SELECT 'filter of ' || model_id FROM ir_filters WHERE model_id NOT IN (SELECT model FROM ir_model)
     UNION
    SELECT 'attachment at ' || url FROM ir_attachment WHERE url LIKE '%portal\\_access%'
"""
OURS = re.compile(r"portal[_.]access[_.]|portal:", re.IGNORECASE)


def take(database: Database) -> set[str]:
    """Return what is in a database, one line each. Ids are not in it, so that two databases can be compared."""
    found = set(database.values(CATALOG))
    for kind, query in RECORDS.items():
        found.update(f"{kind} {name}" for name in database.values(query))
    return found
