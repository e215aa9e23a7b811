import hashlib

from odoo import api, fields, models
from odoo.tools import SQL


class PortalAccessLimit(models.Model):
    """How often something was tried lately: counters behind the rate limits of portal access.

    One row per purpose and key; keys (addresses, logins) are kept as hashes only.
    """

    _name = "portal.access.limit"
    _description = "Portal Access Rate Limit"
    _log_access = False
    _rec_name = "purpose"

    purpose = fields.Char(required=True, readonly=True)
    key_hash = fields.Char(required=True, readonly=True)
    count = fields.Integer(required=True, readonly=True)
    ends_on = fields.Datetime(required=True, readonly=True, index=True, help="When counting starts again.")

    _sql_constraints = [("purpose_key_unique", "UNIQUE (purpose, key_hash)", "There is one counter per key.")]

    @api.model
    def _take(self, purpose, key, limit, seconds):
        """Count one attempt, and say whether it is still within the limit.

        It is counted on a cursor of its own, so that it counts also when the caller's transaction is
        rolled back, and so that two attempts at the same time are both counted.

        :param str purpose: what is tried
        :param key: who or what it is tried with, anything that has a text
        :param int limit: how many attempts are allowed
        :param int seconds: in which time, counted from the first attempt
        :return bool: False if there were more
        """
        with self.pool.cursor() as cr:
            if not self.pool.in_test_mode():  # tests share one cursor
                # Concurrent attempts wait for each other here, where Odoo's own level would have them fail.
                cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            cr.execute(
                SQL(
                    """
                    INSERT INTO portal_access_limit AS attempt (purpose, key_hash, count, ends_on)
                         VALUES (%(purpose)s, %(key)s, 1, %(now)s + make_interval(secs => %(seconds)s))
                    ON CONFLICT (purpose, key_hash) DO UPDATE
                            SET count = CASE WHEN attempt.ends_on <= %(now)s THEN 1 ELSE attempt.count + 1 END,
                                ends_on = CASE WHEN attempt.ends_on <= %(now)s
                                               THEN excluded.ends_on ELSE attempt.ends_on END
                      RETURNING count
                    """,
                    purpose=purpose,
                    key=self._hash_key(key),
                    now=fields.Datetime.now(),
                    seconds=seconds,
                )
            )
            return cr.fetchone()[0] <= limit

    @api.model
    def _give_back(self, purpose, key, count=1):
        """Take back attempts that turned out to be no guesses.

        :param str purpose: what was tried
        :param key: who or what it was tried with
        :param int count: how many attempts; None for all of them
        """
        with self.pool.cursor() as cr:
            if not self.pool.in_test_mode():
                cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            cr.execute(
                "UPDATE portal_access_limit SET count = GREATEST(count - COALESCE(%s, count), 0)"
                " WHERE purpose = %s AND key_hash = %s",
                [count, purpose, self._hash_key(key)],
            )

    @api.model
    def _hash_key(self, key):
        return hashlib.sha256(str(key).encode(errors="replace")).hexdigest()

    @api.autovacuum
    def _gc_counters(self):
        self.env.cr.execute("DELETE FROM portal_access_limit WHERE ends_on < %s", [fields.Datetime.now()])
