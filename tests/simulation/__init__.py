"""The whole world in one process under virtual time: everything that happens follows from one seed."""
