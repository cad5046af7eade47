"""Price files into the store: understood by their headings, checked row by row, one transaction a file."""

from framework.store.importing.folder import import_files
from framework.store.importing.options import FileSummary, ImportOptions

__all__ = ["FileSummary", "ImportOptions", "import_files"]
