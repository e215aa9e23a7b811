from . import portal_ewallet, portal_topup, topup_payment
