"""Data at rest and on its way out: models, migrations, transactions, pages, caches."""
