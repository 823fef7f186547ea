from consent import create_app

app = create_app()
