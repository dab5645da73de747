"""placeholder"""
def write_files(pipeline, folder, connection, books): pass
