def migrate(cr, version):
    """Take the empty password that revoked users were given: Odoo encrypts it in a moment, and mails them of that."""
    cr.execute("UPDATE res_users SET password = NULL WHERE password = ''")
