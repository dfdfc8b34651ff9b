"""`python -m anlan …`: the command line."""

from anlan.faces.cli.main import main

if __name__ == "__main__":
    main()
