"""The review page: catalogue, cards, versions, samples to judge, conflicts, rights, decisions. FastAPI, rendered on the server.

    pages.py     what is read: each page a function of the workspace and the person who asks
    deeds.py     what is decided: each form a function that writes an entry of the log
    reading.py   the sample to judge, text by text
    people.py    who asks, and what they may see and do
    app.py       the application: every answer needs a person, every form a token

`curate ui` serves it alone; airflow_plugin.py, the one file of the library that imports Airflow, shows it inside Airflow's own page.
"""
