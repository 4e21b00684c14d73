"""What an organisation declares: the site file, its models, and its loader."""

from ringfence.site.load import load_site
from ringfence.site.model import Site
from ringfence.site.problems import Problem, SiteError
from ringfence.site.starter import write_starter

__all__ = ["Problem", "Site", "SiteError", "load_site", "write_starter"]
