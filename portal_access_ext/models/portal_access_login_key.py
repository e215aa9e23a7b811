from odoo import api, fields, models
from odoo.tools import SQL

KEPT_DAYS = 1
# All that Python's `strip` takes for white space, where SQL's `trim` takes the space only.
WHITE_SPACE = (
    " \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)


def is_storable(text):
    """:return bool: whether PostgreSQL can store a text at all"""
    return "\x00" not in text and text.encode(errors="replace").decode() == text


def login_key(*column):
    """:return SQL: a login as it is compared; in an index, as here, or the index is not used

    :param column: name of the column, with its table's before it
    """
    return SQL("lower(btrim(%s, %s))", SQL.identifier(*column), WHITE_SPACE)


class PortalAccessLoginKey(models.Model):
    """The logins that were set lately, without case: where two transactions that set the same one meet.

    A unique index on the users is impossible: there are databases with logins that differ only in
    case, and with `website` a login is unique per website only. An advisory lock is not enough either:
    who waited for it still reads the database as it was before the other one committed.
    """

    _name = "portal.access.login.key"
    _description = "Login That Was Set Lately"
    _log_access = False
    _rec_name = "key"

    key = fields.Char(required=True, readonly=True)
    claimed_on = fields.Datetime(required=True, readonly=True, index=True)

    _sql_constraints = [("key_unique", "UNIQUE (key)", "There is one key per login.")]

    @api.model
    def _claim(self, logins):
        """Let nobody else set one of these logins, in whichever case, before we commit.

        Who comes second fails here with a conflict, is started again by Odoo, and then sees the login
        taken. In the order of keys, so that two lists don't lock each other up.

        :param list logins: the logins that are about to be set
        """
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO portal_access_login_key (key, claimed_on)
                SELECT DISTINCT %(key)s, %(now)s FROM unnest(%(logins)s) AS login ORDER BY 1
                ON CONFLICT (key) DO UPDATE SET claimed_on = excluded.claimed_on
                """,
                key=login_key("login"),
                now=fields.Datetime.now(),
                logins=list(logins),
            )
        )

    @api.autovacuum
    def _gc_keys(self):
        """Delete the keys that no running transaction can be waiting for."""
        self.env.cr.execute(
            """
            DELETE FROM portal_access_login_key WHERE id IN (
                SELECT id FROM portal_access_login_key WHERE claimed_on < %s FOR UPDATE SKIP LOCKED)
            """,
            [fields.Datetime.subtract(fields.Datetime.now(), days=KEPT_DAYS)],
        )
