"""The web page: paste a link, watch the scan, read its digest. A Flask application over :mod:`evidence.pipeline`.

app        the factory: settings, extensions, blueprints      start reading here
settings   what an operator may set, validated at the start
models     scans, digests and what people did with them; migrations/ brings a database up to them
running/   scans in processes of their own, bounded in number, memory and time
home/      paste a link                scans/    watch, cancel, resume
digests/   read, download, compare     sharing/  the candidate's copy and corrections
access/    who is asking               api/      the same over JSON, described by OpenAPI
health/    alive and ready             serve     one command: migrate, run, answer

Nothing is imported here: the processes that scan import this package without Flask.
"""
