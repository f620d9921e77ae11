"""SCIM 2.0 as pure text handling (RFC 7643, 7644): JSON goes in, values come out, nothing is stored here.

    schema       what attributes, schemas and resource types are; user, group, provider_schemas are tables;
                 discovery answers /Schemas, /ResourceTypes and /ServiceProviderConfig from them
    expression   a parsed filter; tokens, filter, path read it; binding checks names and types; matching asks
    search       what a question asks for, from query parameters or from the body of a .search
    values       one value against its attribute; entries the values of a multi-valued one
    resource     a whole POST or PUT body; planning, changes, patch the operations of a PATCH
    projection   attributes and excludedAttributes
    lens         one value of a resource, read or written by its path
    messages     list, error and PATCH envelopes; paging reads startIndex and count
    tolerance    how far a connection may stray from the RFC

Every refusal is a ScimProblem (problems): the status, the scimType, a sentence for an administrator.
"""
