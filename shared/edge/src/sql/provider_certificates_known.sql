SELECT * FROM certificate_list()
