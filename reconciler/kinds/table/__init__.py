"""A kind as a table: each row is one field, written down here and nowhere else.

How it thinks. A row says what the field is called, which values it may have (its shape), what it means to
people (its doc), and what is particular about it: that it refers to another kind, may hold a secret, is fixed
once set, or has another name and place in the API. Everything that used to repeat the field is made from the
rows: `documents` makes the GraphQL that reads and writes it, `schema` the JSON Schema that editors and the
loader hold manifests against, and the tables of the documentation. What an answer holds is read by the rows
(`row`), held against the manifest by them (`compare`), and remembered on the object where the kind has a
place for that (`places`, `record`). A kind overrides a method only where a row cannot say it.
"""
