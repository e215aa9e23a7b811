from . import controllers, exposure, models, wizard
from .hooks import uninstall_hook
