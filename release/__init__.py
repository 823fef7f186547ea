"""What a maintainer runs before a release: `make release-check`, `make sbom`, `make licences`."""
