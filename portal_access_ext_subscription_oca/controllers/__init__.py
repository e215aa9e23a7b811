from . import portal_subscription
