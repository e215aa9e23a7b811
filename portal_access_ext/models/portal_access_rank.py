"""What users make of their contacts, for SQL."""

from odoo.tools import SQL

# What one user says about its contact, best first: of several users, the best one counts.
RANKS = {"internal": 1, "used": 2, "waiting": 3, "archived": 4}
# Whether the account of the user `u` is in use. Some sign in without a password of Odoo (OAuth, LDAP). Revoking takes
# away both.
IN_USE = SQL("(COALESCE(u.password, '') <> '' OR EXISTS (SELECT FROM res_users_log log WHERE log.create_uid = u.id))")
