from odoo import fields, models
from odoo.tools import SQL, column_exists

from .portal_access_rank import IN_USE, RANKS

# Makes the rank of some contacts anew, from all their users.
REFRESH = """
CREATE OR REPLACE FUNCTION portal_access_rank_refresh(contact_ids integer[]) RETURNS void LANGUAGE sql AS $$
    UPDATE res_partner contact SET portal_access_rank = fresh.rank
      FROM (SELECT known.id, (
                   SELECT min(CASE
                              WHEN u.active AND internal.uid IS NOT NULL THEN %(internal)s
                              WHEN u.active AND portal.uid IS NOT NULL AND %(in_use)s THEN %(used)s
                              WHEN u.active AND portal.uid IS NOT NULL THEN %(waiting)s
                              WHEN u.active IS NOT TRUE AND internal.uid IS NULL THEN %(archived)s
                              END)
                     FROM res_users u
                     LEFT JOIN res_groups_users_rel internal ON internal.uid = u.id AND internal.gid = %(group_user)s
                     LEFT JOIN res_groups_users_rel portal ON portal.uid = u.id AND portal.gid = %(group_portal)s
                    WHERE u.partner_id = known.id) AS rank
              FROM unnest(contact_ids) AS known (id)) AS fresh
     WHERE contact.id = fresh.id AND contact.portal_access_rank IS DISTINCT FROM fresh.rank
$$
"""
# One function for the statements of three tables: which contacts do they concern?
TRIGGERED = """
CREATE OR REPLACE FUNCTION portal_access_rank_triggered() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE contact_ids integer[];
BEGIN
    IF TG_TABLE_NAME = 'res_users' THEN
        IF TG_OP = 'INSERT' THEN
            contact_ids := ARRAY(SELECT DISTINCT partner_id FROM new_rows);
        ELSIF TG_OP = 'DELETE' THEN
            contact_ids := ARRAY(SELECT DISTINCT partner_id FROM old_rows);
        ELSE
            contact_ids := ARRAY(
                SELECT DISTINCT unnest(ARRAY[before.partner_id, after.partner_id])
                  FROM old_rows before JOIN new_rows after ON after.id = before.id
                 WHERE (before.active, before.partner_id, COALESCE(before.password, '') <> '')
                       IS DISTINCT FROM (after.active, after.partner_id, COALESCE(after.password, '') <> ''));
        END IF;
    ELSIF TG_TABLE_NAME = 'res_groups_users_rel' THEN
        IF TG_OP = 'INSERT' THEN
            contact_ids := ARRAY(SELECT DISTINCT u.partner_id FROM new_rows JOIN res_users u ON u.id = new_rows.uid
                                  WHERE new_rows.gid IN (%(group_user)s, %(group_portal)s));
        ELSE
            contact_ids := ARRAY(SELECT DISTINCT u.partner_id FROM old_rows JOIN res_users u ON u.id = old_rows.uid
                                  WHERE old_rows.gid IN (%(group_user)s, %(group_portal)s));
        END IF;
    ELSIF TG_OP = 'INSERT' THEN  -- a sign-in matters to who has no password, and signs in for the first time
        contact_ids := ARRAY(SELECT DISTINCT u.partner_id FROM new_rows JOIN res_users u ON u.id = new_rows.create_uid
                               JOIN res_partner contact ON contact.id = u.partner_id
                              WHERE contact.portal_access_rank = %(waiting)s);
    ELSE
        contact_ids := ARRAY(SELECT DISTINCT u.partner_id FROM old_rows JOIN res_users u ON u.id = old_rows.create_uid
                              WHERE COALESCE(u.password, '') = '');
    END IF;
    IF cardinality(contact_ids) > 0 THEN
        PERFORM portal_access_rank_refresh(contact_ids);
    END IF;
    RETURN NULL;
END $$
"""
# Nobody else writes the rank, not even in SQL.
GUARD = """
CREATE OR REPLACE FUNCTION portal_access_rank_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.portal_access_rank := CASE WHEN TG_OP = 'UPDATE' THEN OLD.portal_access_rank END;
    RETURN NEW;
END $$
"""
FUNCTIONS = ("portal_access_rank_triggered()", "portal_access_rank_guard()", "portal_access_rank_refresh(integer[])")
TABLES = ("res_users", "res_groups_users_rel", "res_users_log")


class ResPartner(models.Model):
    """What the users of a contact make of it, kept by the database itself.

    Of a million contacts, those with one status are found by an index. No stored field of Odoo could do
    that: passwords, groups and sign-ins are written in SQL too, by Odoo and by others. Triggers see
    every change, in the transaction that makes it, whoever makes it.
    """

    _inherit = "res.partner"

    portal_access_rank = fields.Integer(
        readonly=True,
        copy=False,
        index="btree_not_null",
        groups=fields.NO_ACCESS,
        help="The best of the contact's users, see `RANKS`. Empty without users, and for those without access.",
    )

    portal_access_link_until = fields.Datetime(
        readonly=True,
        copy=False,
        index="btree_not_null",
        groups=fields.NO_ACCESS,
        help="Until when the link of a contact works that has access and never used it. The database generates it.",
    )

    def _auto_init(self):
        """Let the database generate the end of links from what else it knows of the contact."""
        if not column_exists(self.env.cr, "res_partner", "portal_access_link_until"):
            self.env.cr.execute("ALTER TABLE res_partner ADD COLUMN IF NOT EXISTS portal_access_rank integer")
            self.env.cr.execute(
                """
                ALTER TABLE res_partner ADD COLUMN portal_access_link_until timestamp GENERATED ALWAYS AS (
                    CASE WHEN portal_access_rank = %s AND signup_token IS NOT NULL
                         THEN COALESCE(signup_expiration, timestamp '9999-12-31') END) STORED
                """,
                [RANKS["waiting"]],
            )
        return super()._auto_init()

    def init(self):
        result = super().init()
        values = {
            **RANKS,
            "in_use": IN_USE,
            "group_user": self.env["ir.model.data"]._xmlid_to_res_id("base.group_user"),
            "group_portal": self.env["ir.model.data"]._xmlid_to_res_id("base.group_portal"),
        }
        execute = self.env.cr.execute
        drop_triggers(self.env.cr)
        execute(SQL(REFRESH, **values))
        execute(SQL(TRIGGERED, **values))
        execute(GUARD)
        for table in TABLES:
            for operation, rows in (
                ("INSERT", SQL("NEW TABLE AS new_rows")),
                ("UPDATE", SQL("OLD TABLE AS old_rows NEW TABLE AS new_rows")),
                ("DELETE", SQL("OLD TABLE AS old_rows")),
            ):
                if operation == "UPDATE" and table != "res_users":
                    continue  # rows of the others are never changed
                execute(
                    SQL(
                        "CREATE TRIGGER %s AFTER %s ON %s REFERENCING %s"
                        " FOR EACH STATEMENT EXECUTE FUNCTION portal_access_rank_triggered()",
                        SQL.identifier(f"portal_access_rank_{operation.lower()}"),
                        SQL(operation),
                        SQL.identifier(table),
                        rows,
                    )
                )
        # Those who were there before; with each update of the module, too.
        execute("SELECT portal_access_rank_refresh(ARRAY(SELECT DISTINCT partner_id FROM res_users))")
        execute(
            """
            CREATE TRIGGER portal_access_rank_guard BEFORE INSERT OR UPDATE OF portal_access_rank ON res_partner
               FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION portal_access_rank_guard()
            """
        )
        return result


def drop_triggers(cr):
    """Take the triggers and their functions away."""
    for function in FUNCTIONS:
        cr.execute(SQL("DROP FUNCTION IF EXISTS %s CASCADE", SQL(function)))
