from . import portal_topup_received
