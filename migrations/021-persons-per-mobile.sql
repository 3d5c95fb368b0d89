-- How many people have one mobile on file is asked at each change of a mobile.

create index requisites_by_mobile on cabinet.requisites (mobile_phone) where mobile_phone is not null;
