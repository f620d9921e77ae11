"""SAML 2.0 as a service provider: the browser leaves by HTTP-Redirect and comes back by HTTP-POST."""
