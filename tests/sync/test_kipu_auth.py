"""Signatures, compared with the published test vector."""

from orchestrator.sync.kipu.auth import build_canonical_string, compute_signature, sign

SECRET = "test_secret_key"
URI = "/api/patients/census?phi_level=high&app_id=OFZdZaTiCgy5gZnjnpo-Y7pFNoQvgsLJvtQSPJpWJNM"
DATE = "Thu, 07 Nov 2019 20:08:59 GMT"


def test_the_published_vector_comes_out_under_both_digests():
	canonical = f",,{URI},{DATE}"
	assert build_canonical_string("GET", URI, DATE) == canonical
	assert compute_signature(3, SECRET, canonical) == "h1PXvNGSmNaZqXBv9/UcqjCFsJ0="
	assert compute_signature(4, SECRET, canonical) == "boYgaBORoufqIwn+yNU/+r6rS1Hww1UAk2JYf/JWKN8="


def test_a_get_is_signed_without_a_content_type():
	assert sign(3, "id", SECRET, "GET", URI, DATE) == {
		"Accept": "application/vnd.kipusystems+json; version=3",
		"Authorization": "APIAuth id:h1PXvNGSmNaZqXBv9/UcqjCFsJ0=",
		"Date": DATE,
	}


def test_version_4_has_a_scheme_word_of_its_own():
	headers = sign(4, "id", SECRET, "GET", URI, DATE)
	assert headers["Accept"] == "application/vnd.kipusystems+json; version=4"
	assert headers["Authorization"] == "APIAuth-HMAC-SHA256 id:boYgaBORoufqIwn+yNU/+r6rS1Hww1UAk2JYf/JWKN8="


def test_a_body_is_signed_with_its_type_and_raw_md5():
	# md5 of "{}" is 99914b932bd37a50b983c5e7c90ae93b
	assert build_canonical_string("POST", "/api/x", DATE, "application/json", b"{}") == (
		f"application/json,mZFLkyvTelC5g8XnyQrpOw==,/api/x,{DATE}"
	)
	headers = sign(3, "id", SECRET, "POST", "/api/x", DATE, "application/json", b"{}")
	assert headers["Content-Type"] == "application/json"
	assert headers["Content-MD5"] == "mZFLkyvTelC5g8XnyQrpOw=="
