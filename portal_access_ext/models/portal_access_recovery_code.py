import hashlib
import secrets

from odoo import api, fields, models

COUNT = 10
# Of digits only, as the page that asks for a code takes no others; the first is no zero, as it reads them as a
# number. Ten codes among 9 * 10^15 of them: with the few guesses that an account has, somebody would have to try for
# longer than the earth exists. And four groups of four are what everybody has typed from a card.
DIGITS = 16
LOWEST = 10 ** (DIGITS - 1)
# Whoever reads the table has to hash each of 9 * 10^15 codes as often as this, with each customer's own salt. The
# database's secret is no part of it: a copy of a database gets another one, and the codes would die unnoticed.
HASH_ROUNDS = 20_000


class PortalAccessRecoveryCode(models.Model):
    """A code that a customer who lost the phone signs in with, in place of the authenticator's. It works once.

    Only its hash is kept, and nobody has any right on this model: there is nothing in it to be read.
    """

    _name = "portal.access.recovery.code"
    _description = "Portal Recovery Code"
    _log_access = False
    _rec_name = "user_id"

    user_id = fields.Many2one("res.users", required=True, readonly=True, ondelete="cascade", index=True)
    salt = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS, help="The same for codes made together.")
    code_hash = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    made_on = fields.Datetime(required=True, readonly=True)

    @api.model
    def _make(self, user):
        """Give a user new codes in place of all older ones. The caller has checked who asks.

        :return list: the codes, which are known here and now only
        """
        # Two at the same moment do so one after the other; see `res.partner._portal_access_lock`.
        self.env.cr.execute("UPDATE res_users SET write_uid = write_uid WHERE id = %s", [user.id])
        self._remove(user)
        codes = set()
        while len(codes) < COUNT:
            codes.add(LOWEST + secrets.randbelow(9 * LOWEST))
        salt, now = secrets.token_hex(16), fields.Datetime.now()
        self.sudo().create(
            [{"user_id": user.id, "salt": salt, "code_hash": self._hash(code, salt), "made_on": now} for code in codes]
        )
        return [str(code) for code in codes]

    @api.model
    def _use(self, user, code):
        """Let a code work, if it is one: it is gone afterwards. Of two at the same moment, one finds it.

        :param int code: what was typed
        :return bool: whether it was one of the user's codes
        """
        if not LOWEST <= code < 10 * LOWEST:
            return False
        self.flush_model()
        self.env.cr.execute("SELECT DISTINCT salt FROM portal_access_recovery_code WHERE user_id = %s", [user.id])
        for (salt,) in self.env.cr.fetchall():
            self.env.cr.execute(
                "DELETE FROM portal_access_recovery_code WHERE user_id = %s AND code_hash = %s RETURNING id",
                [user.id, self._hash(code, salt)],
            )
            if self.env.cr.fetchone():
                self.invalidate_model(flush=False)
                return True
        return False

    @api.model
    def _remove(self, users):
        """Let none of these users' codes work any more."""
        if not users:
            return
        self.flush_model()
        self.env.cr.execute("DELETE FROM portal_access_recovery_code WHERE user_id IN %s", [tuple(users.ids)])
        self.invalidate_model(flush=False)

    @api.model
    def _count(self, user):
        """:return int: how many codes a user has left"""
        return self.sudo().search_count([("user_id", "=", user.id)])  # sudo: nobody has rights on this model

    @api.model
    def _hash(self, code, salt):
        return hashlib.pbkdf2_hmac("sha256", str(code).encode(), salt.encode(), HASH_ROUNDS).hex()
