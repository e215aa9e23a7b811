from . import portal_wizard, portal_wizard_user, portal_wizard_user_hooks
