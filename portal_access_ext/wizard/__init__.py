from . import portal_wizard, portal_wizard_user
