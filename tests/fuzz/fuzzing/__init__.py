"""What the tests beside this folder share: material, mutations, and running a command line under watch."""
