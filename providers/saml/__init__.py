"""SAML 2.0 as a service provider: the browser leaves by a redirect or a form, and comes back by a form."""
