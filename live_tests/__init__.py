"""Tests against one real Odoo process and a real SMTP server: what races, sends mail, or runs crons."""
